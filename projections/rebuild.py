"""Rebuilding a projection from the first event, while readers use the old rows."""

from collections.abc import Callable

from sqlalchemy import Connection, select, update

from domain.ledger import Ledger
from projections.databases import Locked, StillHeld
from projections.event_batch import BATCH_BYTES, BATCH_EVENTS, EventBatch, Poison, apply_events
from projections.history import fingerprint_at
from projections.projection import Projection
from projections.read_database import ReadDatabase
from projections.slot_tables import SLOTS
from projections.tables import projections


class RebuildStopped(Exception):
    """The projection can't apply an event; the old rows stay live."""

    def __init__(self, poison: Poison) -> None:
        super().__init__(
            f"{poison.projection} can't apply the event at position {poison.position}: {poison.error}"
        )


def rebuild(
    ledger: Ledger,
    read_database: ReadDatabase,
    model: Projection,
    progress: Callable[[int, int], None],
) -> int:
    """Fill the other slot up to the ledger's head, make it the live slot, and return the position.

    `progress(done, total)` is called with positions. Raises RebuildStopped, and Locked when another
    rebuild of this projection may be running. The projector goes on meanwhile: the last events are
    applied in the transaction that switches the slots, so none is applied twice or left out.
    """
    with read_database.lock(f"rebuild-{model.name}") as still_held:
        with read_database.transaction() as connection:
            live = _live(connection, model)
            model.clear(connection, 1 - live)
        done, full = 0, True
        while full:
            with read_database.transaction() as connection:
                done, full = _apply_next(ledger, connection, model, 1 - live, done)
                _require(still_held)
            progress(done, max(done, ledger.store.max_notification_id()))
        with read_database.transaction() as connection:
            while full or done < ledger.store.max_notification_id():
                done, full = _apply_next(ledger, connection, model, 1 - live, done)
            _require(still_held)
            switched = {
                "slot": 1 - live,
                "position": done,
                "fingerprint": fingerprint_at(ledger.store, done),
                "stopped_at": None,
                "error": None,
            }
            connection.execute(
                update(projections).where(projections.c.name == model.name).values(**switched)
            )
        progress(done, done)
        with read_database.transaction() as connection:
            # Without the lock, another rebuild may be filling this slot.
            if still_held():
                model.clear(connection, live)
    return done


def _require(still_held: StillHeld) -> None:
    """Raise Locked when the lock was lost with its connection: another rebuild may run."""
    if not still_held():
        raise Locked("the lock of the rebuild was lost; the old rows stay")


def _live(connection: Connection, model: Projection) -> int:
    slot = connection.scalar(select(projections.c.slot).where(projections.c.name == model.name))
    return SLOTS[0] if slot is None else int(slot)


def _apply_next(
    ledger: Ledger, connection: Connection, model: Projection, slot: int, done: int
) -> tuple[int, bool]:
    stored, reached = ledger.store.select_batch(
        done, topics=sorted(model.topics), limit=BATCH_EVENTS, max_bytes=BATCH_BYTES
    )
    poison = apply_events(connection, model, slot, EventBatch(ledger, stored), list(stored))
    if poison is not None:
        raise RebuildStopped(poison)
    return reached, bool(stored) and reached == stored[-1].id
