"""The base of all aggregates: a stream of events, and the state that follows from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from eventsourcing.utils import register_topic


@dataclass(frozen=True, kw_only=True)
class Event:
    """One fact about one aggregate; `timestamp` is the time of recording, aware UTC.

    Each event class has a TOPIC, which names it in the store and never changes, and an `apply` that
    assigns attributes and contains no rules.
    """

    TOPIC: ClassVar[str]
    originator_id: str
    originator_version: int
    timestamp: datetime

    def __init_subclass__(cls) -> None:
        if "TOPIC" in cls.__dict__:
            register_topic(cls.TOPIC, cls)

    def apply(self, aggregate: Any) -> None:
        """Assign the values of this event to the aggregate."""


class Aggregate:
    """The state of one stream, and its pending events: triggered but not yet recorded.

    An aggregate starts empty, at version 0; its commands trigger the first event. `id` is the name
    of its stream, made from natural keys by `create_id`.
    """

    def __init__(self, stream: str, version: int = 0) -> None:
        self.id = stream
        self.version = version
        self._pending: list[Event] = []

    def replay(self, events: Iterable[Event]) -> Self:
        """Apply recorded events, oldest first."""
        for event in events:
            self._evolve(event)
        return self

    def trigger(self, event_class: type[Event], timestamp: datetime, **values: Any) -> None:
        """Create an event, apply it, and keep it as pending."""
        event = event_class(
            originator_id=self.id,
            originator_version=self.version + 1,
            timestamp=timestamp,
            **values,
        )
        self._evolve(event)
        self._pending.append(event)

    def collect_events(self) -> list[Event]:
        """Return the pending events, and forget them."""
        collected, self._pending = self._pending, []
        return collected

    def _evolve(self, event: Event) -> None:
        event.apply(self)
        self.version = event.originator_version
