"""The lag of each anchor behind the ledger, for metrics."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from audit.tlog.anchor_rows import Anchored, AnchorRows
from audit.tlog.storage import TlogStorage

MICROSECONDS = 1_000_000


class Events(Protocol):
    """The part of a recorder by which the age of events is found."""

    def max_notification_id(self) -> int: ...
    def select_batch(self, after: int, *, topics: Any, limit: int, max_bytes: int) -> Any: ...


@dataclass(frozen=True)
class AnchorLag:
    """The events that an anchor has not confirmed, the age of the oldest in seconds, and all failures.

    The age is None when that event has no recorded time.
    """

    anchor: str
    events: int
    seconds: float | None
    failures: int


def lags(storage: TlogStorage, store: Events, names: Iterable[str]) -> list[AnchorLag]:
    """Return the lag of each of some anchors. What was confirmed of an earlier origin counts no more."""
    found, newest = AnchorRows(storage).anchored(), storage.newest()
    origin, _, _ = (newest or "").partition("\n")
    head, made = store.max_notification_id(), []
    for name in names:
        last = found.get(name, Anchored())
        size = last.size if last.origin == origin else 0
        age = _age(store, size) if size < head else 0.0
        made.append(AnchorLag(name, max(0, head - size), age, last.failures))
    return made


def _age(store: Events, size: int) -> float | None:
    """Return how long ago the event was recorded that comes after the first ones."""
    events, _ = store.select_batch(size, topics=(), limit=1, max_bytes=1)
    recorded_at = events[0].recorded_at if events else 0
    return max(0.0, time.time() - recorded_at / MICROSECONDS) if recorded_at else None
