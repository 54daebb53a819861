"""Deliveries that were verified but could not be recorded, held until an operator decides."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from domain.aggregate import Aggregate, Event
from domain.cause import OPERATOR
from domain.errors import QuarantineClosed
from domain.event_ids import EventId
from domain.receipt import Receipt


def _name_operator(state: dict[str, Any]) -> None:
    """Bring the first version up to date, whose `by` was the name of an operator."""
    state["by_name"] = state["by"]
    state["by"] = f"{OPERATOR}/{state['by']}"


class Quarantine(Aggregate):
    """One body, held until an operator releases or discards it."""

    category = "quarantine"

    @dataclass(frozen=True, kw_only=True)
    class Held(Receipt):
        """The body was held: `reason` is conflict, not-json or invalid; `errors` name fields."""

        TOPIC: ClassVar[str] = "Quarantine.Held"
        reason: str
        errors: dict[str, Any]
        event_id: EventId | None

        def apply(self, aggregate: "Quarantine") -> None:
            aggregate.held = self

    @dataclass(frozen=True, kw_only=True)
    class Released(Event):
        """An operator released the body: it was recorded as a normal delivery."""

        TOPIC: ClassVar[str] = "Quarantine.Released"
        class_version: ClassVar[int] = 2
        upcast_v1_v2 = staticmethod(_name_operator)

        def apply(self, aggregate: "Quarantine") -> None:
            aggregate.ended = "released"

    @dataclass(frozen=True, kw_only=True)
    class Discarded(Event):
        """An operator discarded the body."""

        TOPIC: ClassVar[str] = "Quarantine.Discarded"
        class_version: ClassVar[int] = 2
        upcast_v1_v2 = staticmethod(_name_operator)

        def apply(self, aggregate: "Quarantine") -> None:
            aggregate.ended = "discarded"

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.held: Quarantine.Held | None = None
        self.ended: str | None = None

    def values(self) -> dict[str, Any]:
        """Return why it is held, and how that ended."""
        names = ("source", "reason", "event_id")
        held = {name: getattr(self.held, name) for name in names} if self.held else {}
        return {**held, "state": self.ended or "held"}

    @staticmethod
    def create_id(source: str, body: bytes, headers: Mapping[str, str] | None = None) -> str:
        """Name the stream by its content, so that the same bytes are held once.

        Where headers say something of the event, the same bytes with others are another content.
        """
        content = hashlib.sha256(body)
        if headers:
            content.update(json.dumps(sorted(headers.items())).encode())
        return f"quarantine/{source}/{content.hexdigest()}"

    def release(self, *, now: datetime) -> Held:
        """Release the held body, and return its event; raises QuarantineClosed."""
        held = self._still_held()
        self.trigger(self.Released, now)
        return held

    def discard(self, *, now: datetime) -> None:
        """Discard the held body; raises QuarantineClosed."""
        self._still_held()
        self.trigger(self.Discarded, now)

    def _still_held(self) -> Held:
        if self.held is None or self.ended is not None:
            raise QuarantineClosed(f"it was {self.ended or 'never held'}")
        return self.held
