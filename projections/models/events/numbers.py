"""The numbers by which rows of events are sorted.

An integer id is its own number. Events with text ids come after those, in the order in which they were
recorded: their ids say nothing of the order, and a reader finds the new ones at the end of the list.
"""

from collections.abc import Mapping
from typing import Any

from domain.event_ids import EventId
from domain.limits import LARGEST_ID

FIRST_TEXT = LARGEST_ID + 1
"""Added to the position of the first record of an event with a text id."""


def number_of(event_id: EventId, position: int) -> int:
    """Return the number of an event that was first recorded at a position."""
    return FIRST_TEXT + position if isinstance(event_id, str) else event_id


def event_id_of(row: Mapping[str, Any]) -> EventId:
    """Return the id that the source gave to an event."""
    event_id: EventId = row["id"] if row["text_id"] is None else row["text_id"]
    return event_id
