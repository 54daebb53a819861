"""The numbers of the rows of events, and the two kinds of ids, which are listed one after the other.

An integer id is its own number. An event with a text id has a negative one, by its position: below all
integers, so that it is in no block of theirs and raises no bound of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.event_ids import EventId


@dataclass(frozen=True)
class Kind:
    """A kind of ids: the columns that their events are sorted by, and the lowest value of the first."""

    order: tuple[str, str]
    lowest: EventId

    def since(self, after: tuple[EventId, str] | None) -> dict[str, EventId]:
        """Return the filter that finds the events of this kind from a place in their order.

        It names the place, though what comes after is asked for too: SQLite seeks by this alone.
        """
        return {f"{self.order[0]}>=": self.lowest if after is None else after[0]}


INTEGERS = Kind(("id", "source"), 0)
TEXTS = Kind(("text_id", "source"), "")


def number_of(event_id: EventId, position: int) -> int:
    """Return the number of an event that was first recorded at a position."""
    return -position if isinstance(event_id, str) else event_id


def event_id_of(row: Mapping[str, Any]) -> EventId:
    """Return the id that the source gave to an event."""
    event_id: EventId = row["id"] if row["text_id"] is None else row["text_id"]
    return event_id
