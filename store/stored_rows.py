"""The columns of a stored event, checked before they are queued for writing."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from eventsourcing.persistence import DataError, IntegrityError, StoredEvent

LARGEST_VERSION = 2**63 - 1
COLUMNS = (
    "originator_id",
    "originator_version",
    "topic",
    "state",
    '"by"',
    "has_reason",
    "organization",
    "recorded_at",
)
"""The columns beside the position."""
Row = tuple[str, int, str, bytes, str, bool, int | None]
"""Stream, version, topic, state, and the facts of an AttributedEvent."""


StoredRow = tuple[int, str, int, str, bytes, str, bool, int | None, int]
"""The values of a WholeRow, as they are read: to name them takes as long as to read them."""


HashedRow = tuple[int, int, str, int, str, str]
"""Position, recorded time, stream, version, topic, and the SHA-256 of the state in hexadecimal digits."""


class WholeRow(NamedTuple):
    """All columns of a stored event: its position, and COLUMNS."""

    position: int
    originator_id: str
    originator_version: int
    topic: str
    state: bytes
    by: str
    has_reason: bool
    organization: int | None
    recorded_at: int


@dataclass(frozen=True)
class AttributedEvent(StoredEvent):
    """A stored event with the facts by which the log is searched: who caused it, and for which organization."""

    by: str = ""
    has_reason: bool = False
    organization: int | None = None


def storable_rows(stored_events: Sequence[StoredEvent]) -> list[Row]:
    """Return the rows of events; raises DataError for one that no database can take or give back."""
    return [_storable_row(event) for event in stored_events]


def check_importable(rows: Sequence[WholeRow]) -> None:
    """Raise DataError for a row from elsewhere that no database can take."""
    for row in rows:
        check_storable(row.originator_id, row.originator_version, row.topic)
        if not 0 <= row.recorded_at <= LARGEST_VERSION:
            raise DataError(f"the time of position {row.position} is beyond 64 bits")


def check_successive(rows: Sequence[WholeRow], head: int) -> None:
    """Raise IntegrityError unless rows follow the last position, each directly after the one before."""
    for position, row in enumerate(rows, head + 1):
        if row.position != position:
            raise IntegrityError(f"position {row.position} does not follow position {position - 1}")


def recording_time(last: int) -> int:
    """Return the time of recording, in microseconds since 1970: now, or `last` if the clock was set back."""
    return max(time.time_ns() // 1000, last)


def check_stream_id(stream_id: object) -> str:
    """Return a stream id; raises DataError when it is not text, for instance a UUID."""
    if not isinstance(stream_id, str):
        raise DataError(f"a stream id is text, not {type(stream_id).__name__}: {stream_id!r}")
    return stream_id


def check_storable(stream_id: str, version: int, topic: str) -> None:
    """Raise DataError for text that PostgreSQL can't store, and for a version beyond 64 bits."""
    for text in (stream_id, topic):
        if "\0" in text or not (text.isascii() or _is_unicode(text)):
            raise DataError(f"text with NUL or a lone surrogate can't be stored: {text!r}")
    if not -LARGEST_VERSION <= version <= LARGEST_VERSION:
        raise DataError(f"version {version} of {stream_id} is beyond 64 bits")


def _storable_row(event: StoredEvent) -> Row:
    stream_id = check_stream_id(event.originator_id)
    version, topic = event.originator_version, event.topic
    check_storable(stream_id, version, topic)
    if isinstance(event, AttributedEvent):
        facts = event.by, event.has_reason, event.organization
        return stream_id, version, topic, event.state, *facts
    return stream_id, version, topic, event.state, "", False, None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
