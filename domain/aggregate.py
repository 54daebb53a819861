"""The base of all aggregates: a stream of events, and the state that follows from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from eventsourcing.domain import OriginatorIDError, OriginatorVersionError
from eventsourcing.utils import register_topic


@dataclass(frozen=True, kw_only=True)
class Event:
    """One fact about one aggregate; `timestamp` is the time of the command, aware UTC, by its host's clock.

    `by`, `by_name`, `why` and `request_id` are those of its cause: see domain/cause.py. The repository
    sets those that are known when it saves the event; no constructor takes them.

    Each event class has a TOPIC, which names it in the store and never changes, and an `apply` that
    assigns attributes and contains no rules. It is defined within the class of its aggregate.
    """

    TOPIC: ClassVar[str]
    aggregate_class: ClassVar["type[Aggregate]"]
    originator_id: str
    originator_version: int
    timestamp: datetime
    by: ClassVar[str | None] = None
    by_name: ClassVar[str | None] = None
    why: ClassVar[str | None] = None
    request_id: ClassVar[str | None] = None

    def __init_subclass__(cls) -> None:
        if "TOPIC" in cls.__dict__:
            register_topic(cls.TOPIC, cls)

    def apply(self, aggregate: Any) -> None:
        """Assign the values of this event to the aggregate."""

    def mutate(self, aggregate: "Aggregate | None") -> "Aggregate":
        """Apply this event to the aggregate, or to a new one; eventsourcing's repository calls it."""
        before = self.aggregate_class(self.originator_id) if aggregate is None else aggregate
        return before.replay([self])


class Aggregate:
    """The state of one stream, and its pending events: triggered but not yet recorded.

    An aggregate starts empty, at version 0; its commands trigger the first event. `id` is the name
    of its stream, made from natural keys by `create_id`: the category, a slash, and the key.
    """

    category: ClassVar[str]
    """The first part of the names of its streams."""
    key_type: ClassVar[type[str] | type[int]] = str
    """The type of the rest of the name of a stream."""
    by_category: ClassVar[dict[str, type["Aggregate"]]] = {}

    def __init_subclass__(cls) -> None:
        category = vars(cls).get("category")
        if category and cls.by_category.setdefault(category, cls) is not cls:
            raise TypeError(f"the category {category} belongs to {cls.by_category[category]}")
        for each in vars(cls).values():
            if isinstance(each, type) and issubclass(each, Event):
                each.aggregate_class = cls

    @classmethod
    def of_stream(cls, stream: str) -> type["Aggregate"]:
        """Return the class of the aggregate that a stream belongs to."""
        return cls.by_category[stream.partition("/")[0]]

    def __init__(self, stream: str, version: int = 0) -> None:
        self.id = stream
        self.version = version
        self._pending: list[Event] = []

    def values(self) -> dict[str, Any]:
        """Return the values that its history shows, by name."""
        return {
            name: value
            for name, value in vars(self).items()
            if name not in {"id", "version"} and not name.startswith("_")
        }

    def replay(self, events: Iterable[Event]) -> Self:
        """Apply recorded events, oldest first.

        Raises eventsourcing's OriginatorIDError for an event of another stream, and its
        OriginatorVersionError for one that is not the next.
        """
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
        if event.originator_id != self.id:
            raise OriginatorIDError(event.originator_id, self.id)
        if event.originator_version != self.version + 1:
            raise OriginatorVersionError(event.originator_version, self.version + 1)
        event.apply(self)
        self.version = event.originator_version
