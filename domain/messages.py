"""The messages in a verified delivery, one for each envelope, and the outcomes of recording them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.event_ids import EventId
from domain.observed import ObservedAggregate
from domain.receipt import VerifiedDelivery


@dataclass(frozen=True, slots=True)
class Payload:
    """The data of a message, for one aggregate: `values` are the fields of its Observed event."""

    aggregate: type[ObservedAggregate]
    stream: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A valid envelope; `payload` is None for a type that changes no aggregate.

    `body` is its exact bytes. `created_at` is the sender's time, aware UTC, or None if there is none.
    `sequence` is its place among the events of its sender, for senders that say it: see Observation.
    `data_from` says where its data is in the body, None in the default place: see Delivery.Recorded.
    """

    body: bytes
    event_id: EventId
    type: str
    created_at: datetime | None
    payload: Payload | None
    sequence: str | None = None
    data_from: str | None = None


@dataclass(frozen=True, slots=True)
class InvalidEnvelope:
    """An invalid envelope: `reason` is not-json or invalid, `errors` has messages by field."""

    body: bytes
    reason: str
    errors: dict[str, Any] = field(default_factory=dict)
    event_id: EventId | None = None


@dataclass(slots=True)
class Outcome:
    """The outcome of one envelope: recorded, duplicate, replaced, conflict, invalid or not-json.

    `stream` and `version` identify the stored event. After the append, `resolve` sets its position:
    `position` if the envelope is recorded, `quarantine` if it is held.
    """

    status: str
    event_id: EventId | None
    stream: str = field(default="", compare=False)
    version: int = field(default=0, compare=False)
    errors: dict[str, Any] = field(default_factory=dict)
    position: int | None = None
    quarantine: int | None = None

    @property
    def held(self) -> bool:
        """Say whether the envelope is held in quarantine."""
        return self.status not in {"recorded", "duplicate", "replaced"}

    def resolve(self, position: int) -> None:
        """Set the position of the stored event."""
        if self.held:
            self.quarantine = position
        else:
            self.position = position


EnvelopeReader = Callable[[VerifiedDelivery], tuple[list[Message | InvalidEnvelope], bool]]
"""A function that returns the messages in a delivery, and whether it is an array."""
