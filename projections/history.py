"""Comparing read models with the ledger: one that was restored has another history from some position on."""

import hashlib
from collections.abc import Sequence
from typing import Any

from eventsourcing.persistence import Notification
from sqlalchemy import Connection, Row, delete, select, update

from domain.ledger import Recorder
from projections.projection import Projection
from projections.tables import projections, skipped

STRANGER = "it was projected from another history than the ledger's, so it is filled anew"


def fingerprint(event: Notification) -> str:
    """Return the position of a stored event, and a digest of its stream, version, topic and state."""
    head = f"{event.originator_id}\0{event.originator_version}\0{event.topic}\0"
    return f"{event.id}:{hashlib.sha256(head.encode() + event.state).hexdigest()}"


def fingerprint_at(store: Recorder, position: int) -> str | None:
    """Return the fingerprint of the event at a position; None when there is none."""
    found = store.select_notifications(position, 1, position)
    return fingerprint(found[0]) if found else None


def strangers(
    connection: Connection, store: Recorder, models: Sequence[Projection]
) -> list[tuple[Projection, int]]:
    """Return the projections, with their slots, whose last event is not in the ledger."""
    rows = {row.name: row for row in connection.execute(select(projections))}
    found = [(model, rows[model.name]) for model in models if model.name in rows]
    return [(model, row.slot) for model, row in found if _is_stranger(row, store)]


def restart(connection: Connection, store: Recorder, models: Sequence[Projection]) -> list[str]:
    """Empty the read models that are of another history, so that they are filled anew; return their names."""
    found = strangers(connection, store, models)
    for model, slot in found:
        model.clear(connection, slot)
        # An event that was skipped is another one now.
        connection.execute(delete(skipped).where(skipped.c.name == model.name))
        anew = {"position": 0, "fingerprint": None, "stopped_at": None, "error": None}
        connection.execute(
            update(projections).where(projections.c.name == model.name).values(**anew)
        )
    return [model.name for model, _ in found]


def adopt(connection: Connection, store: Recorder) -> None:
    """Fingerprint the last event of projections whose position an earlier version has written."""
    for row in connection.execute(select(projections)).all():
        if row.position > 0 and not _is_known(row):
            known = {"fingerprint": fingerprint_at(store, row.position)}
            connection.execute(
                update(projections).where(projections.c.name == row.name).values(**known)
            )


def _is_known(row: Row[Any]) -> bool:
    """Say whether the fingerprint is of the event at the position."""
    return str(row.fingerprint).startswith(f"{row.position}:")


def _is_stranger(row: Row[Any], store: Recorder) -> bool:
    if row.position == 0:
        return False
    found = fingerprint_at(store, row.position)
    return found is None or (_is_known(row) and row.fingerprint != found)
