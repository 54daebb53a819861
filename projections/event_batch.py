"""A batch of the ledger's events, and applying it to a projection."""

import reprlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from eventsourcing.persistence import Notification
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from domain.ledger import Ledger
from domain.stream_repository import Recorded
from projections.projection import Projection
from projections.tables import skipped

BATCH_EVENTS = 1000
BATCH_BYTES = 8 * 1024 * 1024
PROGRAM_LIMIT = "54"
"""The class of PostgreSQL's codes for what is larger than its limits."""
LONGEST_ERROR = 2000
"""In characters; the middle of a longer one is left out."""
# Of an error whose own representation fails it gives the class.
_brief = reprlib.Repr()
_brief.maxother = LONGEST_ERROR


@dataclass(frozen=True)
class Poison:
    """An event that a projection can't apply: its position, and the error."""

    projection: str
    position: int
    error: str


class EventBatch:
    """A batch of stored events; each is decoded once, when the first projection needs it."""

    def __init__(self, ledger: Ledger, stored: Sequence[Notification]) -> None:
        self._ledger = ledger
        self._stored = stored
        self._decoded: dict[int, Recorded] = {}

    def wanted_by(self, projection: Projection, after: int) -> list[Notification]:
        """Return the events after a position that a projection handles."""
        topics = projection.topics
        return [each for each in self._stored if each.topic in topics and each.id > after]

    def decode(self, stored: Iterable[Notification]) -> Iterator[Recorded]:
        """Yield the decoded events."""
        for each in stored:
            if each.id not in self._decoded:
                self._decoded[each.id] = Recorded(each.id, self._ledger.streams.decode(each))
            yield self._decoded[each.id]


def apply_events(
    connection: Connection,
    model: Projection,
    slot: int,
    batch: EventBatch,
    wanted: list[Notification],
) -> Poison | None:
    """Apply events to a slot; stop before the first that fails, and return it.

    All are applied at once; only if that fails, one by one.
    """
    passed = _passed(connection, model, wanted)
    wanted = [each for each in wanted if each.id not in passed]
    if not wanted or _attempt(connection, model, slot, batch, wanted) is None:
        return None
    for each in wanted:
        poison = _attempt(connection, model, slot, batch, [each])
        if poison is not None:
            return poison
    return None


def _passed(connection: Connection, model: Projection, wanted: list[Notification]) -> set[int]:
    if not wanted:
        return set()
    known = select(skipped.c.position).where(
        skipped.c.name == model.name, skipped.c.position >= wanted[0].id
    )
    return set(connection.scalars(known))


def _attempt(
    connection: Connection,
    model: Projection,
    slot: int,
    batch: EventBatch,
    wanted: list[Notification],
) -> Poison | None:
    try:
        with connection.begin_nested():
            model.apply(connection, slot, batch.decode(wanted))
    except DBAPIError as error:
        if error.connection_invalidated or not _caused_by_data(error):
            raise
        return Poison(model.name, wanted[0].id, _described(error.orig))
    except Exception as error:
        return Poison(model.name, wanted[0].id, _described(error))
    return None


def _described(error: BaseException | None) -> str:
    """Describe an error in a text that every database and log can keep, whatever is in it."""
    return _brief.repr(error).encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _caused_by_data(error: DBAPIError) -> bool:
    """Say whether the row caused the error, not the state of the database.

    PostgreSQL says of a row that goes beyond a limit, such as an index's, that it is an operational one.
    """
    beyond_limit = str(getattr(error.orig, "sqlstate", None)).startswith(PROGRAM_LIMIT)
    return beyond_limit or type(error).__name__ in {"IntegrityError", "DataError"}
