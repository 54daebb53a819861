"""The messages in a verified delivery, one for each envelope, and the outcomes of recording them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from domain.observed import ObservedAggregate


@dataclass(frozen=True, slots=True)
class Payload:
    """The part of a message that concerns an aggregate: `values` are fields of its Observed event."""

    aggregate: type[ObservedAggregate]
    stream: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A valid envelope; `payload` is None for a type that touches no aggregate.

    `body` is its exact bytes. `created_at` is the sender's time, aware UTC, or None when it gave none.
    """

    body: bytes
    event_id: int
    type: str
    created_at: datetime | None
    payload: Payload | None


@dataclass(frozen=True, slots=True)
class InvalidEnvelope:
    """Bytes that are no valid envelope: `reason` is not-json or invalid, `errors` name fields."""

    body: bytes
    reason: str
    errors: dict[str, Any] = field(default_factory=dict)
    event_id: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one envelope: recorded, duplicate, replaced, conflict, invalid or not-json.

    `stream` and `version` say where it is stored. Once that is appended and its position known,
    `resolve` gives the outcome with a `position` if the envelope is recorded, with a `quarantine`
    if it is held.
    """

    status: str
    event_id: int | None
    stream: str = field(default="", compare=False)
    version: int = field(default=0, compare=False)
    errors: dict[str, Any] = field(default_factory=dict)
    position: int | None = None
    quarantine: int | None = None

    @property
    def held(self) -> bool:
        """Say whether the envelope is held in quarantine."""
        return self.status not in {"recorded", "duplicate", "replaced"}

    def resolve(self, position: int) -> "Outcome":
        """Return the outcome with the position of what was stored."""
        if self.held:
            return replace(self, quarantine=position)
        return replace(self, position=position)


EnvelopeReader = Callable[[bytes], tuple[list[Message | InvalidEnvelope], bool]]
"""Reads the messages in a body, and says whether it is an array."""
