"""Aggregates that sources observe: repeated observations, in any order, give one current status."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar

from domain.aggregate import Aggregate, Event
from domain.event_ids import EventId
from domain.observation import CurrentStatus, Observation, current_status


@dataclass(frozen=True, kw_only=True)
class Observed(Event):
    """A source announced a status; the same source and event id again replaces the observation."""

    own_fields: ClassVar[tuple[str, ...]] = ()
    event_id: EventId
    source: str
    status: str
    created_at: datetime
    reason: str | None
    sequence: str | None = None

    @property
    def own_values(self) -> dict[str, Any]:
        """Return the values of the aggregate's own fields."""
        return {name: getattr(self, name) for name in self.own_fields}

    def observation(self) -> Observation:
        """Return the observation in this event."""
        return Observation(
            event_id=self.event_id,
            source=self.source,
            status=self.status,
            created_at=self.created_at,
            reason=self.reason,
            fields=self.own_values,
            sequence=self.sequence,
        )

    def apply(self, aggregate: "ObservedAggregate") -> None:
        observation = self.observation()
        # At its end, since they lie in the order of their positions.
        aggregate.observations.pop(observation.key, None)
        aggregate.observations[observation.key] = observation


@dataclass(frozen=True, kw_only=True)
class Retracted(Event):
    """An operator replaced the delivery with one that does not concern this aggregate."""

    event_id: EventId
    source: str

    def apply(self, aggregate: "ObservedAggregate") -> None:
        aggregate.observations.pop((self.event_id, self.source), None)


SHARED_FIELDS = frozenset(each.name for each in fields(Observed))


class ObservedAggregate(Aggregate):
    """A thing with a status that sources announce. It refuses nothing, so `observe` needs no history.

    A subclass defines the events `Observed` and `Retracted`, both with the field named by `key`. For
    each further field of `Observed`, the last value that is not None is current.
    """

    Observed: ClassVar[type[Observed]]
    Retracted: ClassVar[type[Retracted]]
    key: ClassVar[str]
    """The field that identifies a thing."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        names = [each.name for each in fields(cls.Observed)]
        own = tuple(name for name in names if name not in SHARED_FIELDS and name != cls.key)
        cls.Observed.own_fields = own

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.observations: dict[tuple[EventId, str], Observation] = {}

    @classmethod
    def create_id(cls, key: str | int) -> str:
        """Name the stream of a thing."""
        return f"{cls.category}/{key}"

    def observe(self, *, now: datetime, **values: Any) -> None:
        """Record an observation; `values` are the fields of the Observed event."""
        self.trigger(self.Observed, now, **values)

    def retract(self, *, now: datetime, event_id: EventId, source: str) -> None:
        """Record that an observation no longer counts."""
        key = {self.key: self.key_type(self.id.partition("/")[2])}
        self.trigger(self.Retracted, now, event_id=event_id, source=source, **key)

    def values(self) -> dict[str, Any]:
        """Return its key and its current status; nothing when no observation counts."""
        status = self.current_status()
        if status is None:
            return {}
        shown = {name: getattr(status, name) for name in ("status", "reason")}
        times = {name: getattr(status, name) for name in ("created_at", "modified_at")}
        key = self.key_type(self.id.partition("/")[2])
        own = dict.fromkeys(self.Observed.own_fields) | status.fields
        return {self.key: key, **shown, **own, **times}

    def current_status(self) -> CurrentStatus | None:
        """Return the current status; None when no observation counts."""
        return current_status(self.observations.values())
