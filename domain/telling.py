"""How what sources tell of a thing, in any order and repeatedly, adds up to how it stands."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.aggregate import Aggregate, Event


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """What one delivery said of one kit or report; `created_at` is the sender's time, aware UTC."""

    event_id: int
    source: str
    status: str
    created_at: datetime
    reason: str | None = None
    shipment_id: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a kit or report stands, all tellings taken together."""

    status: str
    reason: str | None
    shipment_id: int | None
    created_at: datetime
    modified_at: datetime


def standing(tellings: Iterable[Telling]) -> Standing | None:
    """Fold tellings in the order of their event ids; None when nothing was told.

    Sorting first is what makes every order of arrival end the same. A reason stays while its status
    does: a later telling of the same status without one does not take it away, another status does.
    """
    told = sorted(tellings, key=lambda telling: (telling.event_id, telling.source))
    if not told:
        return None
    status, reason, shipment_id = "", None, None
    for telling in told:
        if telling.status != status:
            status, reason = telling.status, None
        reason = reason if telling.reason is None else telling.reason
        shipment_id = shipment_id if telling.shipment_id is None else telling.shipment_id
    times = [telling.created_at for telling in told]
    return Standing(status, reason, shipment_id, min(times), max(times))


@dataclass(frozen=True, kw_only=True)
class Told(Event):
    """A source told how the thing stood; the same source and event id again takes the place."""

    event_id: int
    source: str
    status: str
    created_at: datetime
    reason: str | None

    def telling(self) -> Telling:
        """Return what was told, without where it is stored."""
        return Telling(
            event_id=self.event_id,
            source=self.source,
            status=self.status,
            created_at=self.created_at,
            reason=self.reason,
            shipment_id=getattr(self, "shipment_id", None),
        )

    def apply(self, aggregate: "Subject") -> None:
        """Assign the telling to its place."""
        aggregate.tellings[(self.event_id, self.source)] = self.telling()


@dataclass(frozen=True, kw_only=True)
class Withdrawn(Event):
    """An operator replaced the delivery, and its successor does not speak of this thing any more."""

    event_id: int
    source: str

    def apply(self, aggregate: "Subject") -> None:
        """Forget the telling."""
        aggregate.tellings.pop((self.event_id, self.source), None)


class Subject(Aggregate):
    """Something that sources tell of. It refuses nothing, so telling needs its version alone."""

    told: type[Told]
    withdrawn: type[Withdrawn]
    named: Callable[[str], dict[str, Any]]

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.tellings: dict[tuple[int, str], Telling] = {}

    def tell(self, *, now: datetime, **values: Any) -> None:
        """Record what a source told; `values` are the fields of the subject's Told event."""
        self.trigger(self.told, now, **values)

    def withdraw(self, key: str, *, now: datetime, event_id: int, source: str) -> None:
        """Record that a telling no longer counts; `key` is the last part of the stream's name."""
        self.trigger(self.withdrawn, now, event_id=event_id, source=source, **self.named(key))

    def standing(self) -> Standing | None:
        """Return how it stands; None when nothing that was told still counts."""
        return standing(self.tellings.values())
