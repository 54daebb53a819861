"""Rebuild a projection from the first event, beside the rows that readers go on reading."""

from collections.abc import Callable

from sqlalchemy import Connection, select, update

from domain.ledger import Ledger
from projections.batch import BATCH_BYTES, BATCH_EVENTS, Batch, Poison, apply_events
from projections.databases import Held, Locked
from projections.projection import SLOTS, Projection
from projections.views import Views, projections


class RebuildStopped(Exception):
    """The rebuild met an event that the projection can't take; the old rows stay."""

    def __init__(self, poison: Poison) -> None:
        super().__init__(
            f"{poison.projection} can't take the event at position {poison.position}: {poison.error}"
        )


def rebuild(
    ledger: Ledger, views: Views, model: Projection, progress: Callable[[int, int], None]
) -> int:
    """Fill the other slot up to the ledger's head, make it the live one, and return the position.

    `progress(done, total)` hears positions. Raises RebuildStopped, and Locked when another rebuild of
    this projection is under way, or could be. The running projector goes on meanwhile: the last
    stretch is done under the write lock, so the two agree on where one ends and the other goes on.
    """
    with views.lock(f"rebuild-{model.name}") as held:
        with views.writing() as connection:
            live = _live(connection, model)
            model.clear(connection, 1 - live)
        done, full = 0, True
        while full:
            with views.writing() as connection:
                done, full = _carry(ledger, connection, model, 1 - live, done)
                _ensure(held)
            progress(done, max(done, ledger.store.max_notification_id()))
        with views.writing() as connection:
            while full or done < ledger.store.max_notification_id():
                done, full = _carry(ledger, connection, model, 1 - live, done)
            _ensure(held)
            switched = {"slot": 1 - live, "position": done, "stopped_at": None, "error": None}
            connection.execute(
                update(projections).where(projections.c.name == model.name).values(**switched)
            )
        progress(done, done)
        with views.writing() as connection:
            # Else another rebuild may be filling them.
            if held():
                model.clear(connection, live)
    return done


def _ensure(held: Held) -> None:
    """Raise Locked when the lock was lost with its connection: another rebuild may have begun."""
    if not held():
        raise Locked("the lock of the rebuild was lost; the old rows stay")


def _live(connection: Connection, model: Projection) -> int:
    slot = connection.scalar(select(projections.c.slot).where(projections.c.name == model.name))
    return SLOTS[0] if slot is None else int(slot)


def _carry(
    ledger: Ledger, connection: Connection, model: Projection, slot: int, done: int
) -> tuple[int, bool]:
    stored, reached = ledger.store.select_batch(
        done, topics=sorted(model.topics), limit=BATCH_EVENTS, max_bytes=BATCH_BYTES
    )
    poison = apply_events(connection, model, slot, Batch(ledger, stored), list(stored))
    if poison is not None:
        raise RebuildStopped(poison)
    return reached, bool(stored) and reached == stored[-1].id
