"""The aggregates of one transaction, each loaded once and only as far as needed."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from domain.aggregate import Aggregate, Event

A = TypeVar("A", bound=Aggregate)


class LoadedAggregates:
    """Load aggregates and collect their events; `versions` and `history` as for DeliveryHandler."""

    def __init__(
        self, versions: Mapping[str, int], history: Callable[[str], Sequence[Event]]
    ) -> None:
        self.events: list[Event] = []
        self._versions = versions
        self._history = history
        self._loaded: dict[str, Aggregate] = {}

    def load(self, kind: type[A], stream: str) -> A:
        """Load an aggregate with its history."""
        if stream not in self._loaded and self._versions.get(stream) != 0:
            self._loaded[stream] = kind(stream).replay(self._history(stream))
        return self.resume(kind, stream)

    def resume(self, kind: type[A], stream: str) -> A:
        """Create an aggregate at its last version; it has no history if the version is known."""
        if stream not in self._loaded:
            version = self._versions.get(stream)
            self._loaded[stream] = (
                kind(stream).replay(self._history(stream))
                if version is None
                else kind(stream, version)
            )
        aggregate = self._loaded[stream]
        assert isinstance(aggregate, kind), f"{stream} is not a {kind.__name__}"
        return aggregate

    def collect(self, aggregate: Aggregate) -> None:
        """Collect the pending events of an aggregate."""
        self.events += aggregate.collect_events()
