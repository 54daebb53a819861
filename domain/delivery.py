"""One delivery: what came, exactly, from whom; recorded once, or held in quarantine."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from domain.aggregate import Aggregate, Event
from domain.errors import QuarantineClosed


@dataclass(frozen=True)
class VerifiedDelivery:
    """Hold what one source sent, exactly, after its signature was found good.

    `webhook_id` and `webhook_timestamp` are signed together with the body, and empty for schemes
    that have neither. `signature` is the whole header value. `received_at` is aware, UTC.
    """

    source: str
    key_id: str
    received_at: datetime
    webhook_id: str
    webhook_timestamp: str
    signature: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Receipt(Event):
    """What every event about something received keeps, so that its signature can be checked again.

    In an array each envelope has a delivery of its own: then `body` is its slice of the array, and
    `batch` names the stream that keeps the whole.
    """

    source: str
    key_id: str
    webhook_id: str
    webhook_timestamp: str
    signature: str
    body: bytes
    batch: str | None

    def delivery(self) -> VerifiedDelivery:
        """Return what was received, as it was when it came."""
        return VerifiedDelivery(
            self.source,
            self.key_id,
            self.timestamp,
            self.webhook_id,
            self.webhook_timestamp,
            self.signature,
            self.body,
        )


class Delivery(Aggregate):
    """One envelope of one source: the event with this id, however often it comes."""

    @dataclass(frozen=True, kw_only=True)
    class Recorded(Receipt):
        """The envelope came for the first time, and is sound; `told` names the stream it speaks of."""

        TOPIC: ClassVar[str] = "Delivery.Recorded"
        event_id: int
        type: str
        created_at: datetime
        told: str | None

        def apply(self, aggregate: "Delivery") -> None:
            """Assign what stands, and remember the body among those that came."""
            aggregate.current = self
            aggregate.bodies.append(self.body)

    @dataclass(frozen=True, kw_only=True)
    class Replaced(Recorded):
        """An operator released a conflicting envelope: it stands from now on."""

        TOPIC: ClassVar[str] = "Delivery.Replaced"

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.current: Delivery.Recorded | None = None
        self.bodies: list[bytes] = []

    @staticmethod
    def create_id(source: str, event_id: int) -> str:
        """Name the stream of a source's event: ids are padded so that neighbours stay neighbours."""
        return f"delivery/{source}/{event_id:016d}"

    def repeats(self, body: bytes) -> bool:
        """Say whether this JSON value came before, be it in other words."""
        return body in self.bodies or canonical(body) in map(canonical, self.bodies)


class Batch(Aggregate):
    """One array of envelopes, kept whole because the signature covers it whole."""

    @dataclass(frozen=True, kw_only=True)
    class Received(Receipt):
        """The array came."""

        TOPIC: ClassVar[str] = "Batch.Received"

    @staticmethod
    def create_id(source: str, body: bytes) -> str:
        """Name the stream of an array by its content."""
        return f"batch/{source}/{hashlib.sha256(body).hexdigest()}"


class Quarantine(Aggregate):
    """What was verified but could not be recorded, until somebody decides about it."""

    @dataclass(frozen=True, kw_only=True)
    class Held(Receipt):
        """It was put aside: `reason` is conflict, not-json or invalid; `errors` name its fields."""

        TOPIC: ClassVar[str] = "Quarantine.Held"
        reason: str
        errors: dict[str, Any]
        event_id: int | None

        def apply(self, aggregate: "Quarantine") -> None:
            """Assign what is held."""
            aggregate.held = self

    @dataclass(frozen=True, kw_only=True)
    class Released(Event):
        """It became a normal delivery; `by` is the operator's name on the system."""

        TOPIC: ClassVar[str] = "Quarantine.Released"
        by: str

        def apply(self, aggregate: "Quarantine") -> None:
            """Close it."""
            aggregate.ended = "released"

    @dataclass(frozen=True, kw_only=True)
    class Discarded(Event):
        """Somebody decided that it is not to be recorded, and said why."""

        TOPIC: ClassVar[str] = "Quarantine.Discarded"
        by: str
        why: str

        def apply(self, aggregate: "Quarantine") -> None:
            """Close it."""
            aggregate.ended = "discarded"

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.held: Quarantine.Held | None = None
        self.ended: str | None = None

    @staticmethod
    def create_id(source: str, body: bytes) -> str:
        """Name the stream by the content: the same bytes again are held once."""
        return f"quarantine/{source}/{hashlib.sha256(body).hexdigest()}"

    def release(self, *, now: datetime, by: str) -> Held:
        """Decide to record what is held, and return it. Raises QuarantineClosed."""
        held = self._still_held()
        self.trigger(self.Released, now, by=by)
        return held

    def discard(self, *, now: datetime, by: str, why: str) -> None:
        """Decide not to record what is held. Raises QuarantineClosed."""
        self._still_held()
        self.trigger(self.Discarded, now, by=by, why=why)

    def _still_held(self) -> Held:
        if self.held is None or self.ended is not None:
            raise QuarantineClosed(f"it was {self.ended or 'never held'}")
        return self.held


def canonical(body: bytes) -> str:
    """Spell a JSON text so that equal values are spelled alike: key order, blanks, 1 and 1.0."""
    return json.dumps(json.loads(body, parse_float=_number), sort_keys=True)


def _number(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() else number
