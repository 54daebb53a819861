"""The ids that sources give to their events: integers, or text."""

from domain.limits import LARGEST_ID

EventId = int | str
"""An integer from 0 to LARGEST_ID, or printable text; 3514 and "3514" are two ids."""
LONGEST_TEXT = 255


def is_event_id(value: object) -> bool:
    """Say whether a JSON value can be the id of an event."""
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST_TEXT and value.isprintable()
    return type(value) is int and 0 <= value <= LARGEST_ID
