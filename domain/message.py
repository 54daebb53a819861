"""What a verified delivery turned out to say, envelope by envelope."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.telling import Subject


@dataclass(frozen=True, slots=True)
class About:
    """What a message tells, and of which kit or report: the fields of the subject's Told event."""

    subject: type[Subject]
    stream: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A sound envelope; `about` is None for a type that touches no aggregate.

    `body` is its exact bytes. `created_at` is the sender's time, aware UTC, or None when it gave none.
    """

    body: bytes
    event_id: int
    type: str
    created_at: datetime | None
    about: About | None


@dataclass(frozen=True, slots=True)
class Unfit:
    """Bytes that are no sound envelope: `reason` is not-json or invalid, `errors` name fields."""

    body: bytes
    reason: str
    errors: dict[str, Any] = field(default_factory=dict)
    event_id: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one envelope: recorded, duplicate, conflict, invalid, not-json or replaced.

    `position` is where its delivery is recorded, `quarantine` where what was put aside is held.
    """

    status: str
    event_id: int | None
    position: int | None = None
    quarantine: int | None = None
    errors: dict[str, Any] = field(default_factory=dict)


Reader = Callable[[bytes], tuple[list[Message | Unfit], bool]]
