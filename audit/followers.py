"""The events that followed from a delivery: with it, when it was released, and when it was replaced."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from audit.decoding import decoded
from domain.aggregate import Event
from domain.aggregates.batch import Batch
from domain.aggregates.delivery import Delivery
from domain.aggregates.quarantine import Quarantine
from domain.ledger import Ledger
from domain.observed import Observed, Retracted
from domain.receipt import Receipt

CHUNK = 20
Stored = Any
"""A stored event with its position `id` and its time of recording."""


@dataclass(frozen=True)
class Followers:
    """Find what followed from the receipt at a position, up to another position."""

    ledger: Ledger
    position: int
    receipt: Receipt
    until: int

    def all(self) -> list[Stored]:
        """Return the stored events by rising position."""
        found = [*self._later_in_its_stream(), *self._recorded_with_it()]
        return sorted({each.id: each for each in found}.values(), key=lambda each: each.id)

    def _later_in_its_stream(self) -> Iterator[Stored]:
        """Yield its release, with what was recorded by that, or its replacement."""
        stream = [self.receipt.originator_id]
        for stored in self.ledger.store.select_streams(stream, self.until):
            if stored.id > self.position:
                yield stored
                if stored.topic == Quarantine.Released.TOPIC:
                    yield from self._recorded_by_release(stored)

    def _recorded_with_it(self) -> Iterator[Stored]:
        """Yield the events directly after it, of the same transaction, and a retraction before it."""
        if isinstance(self.receipt, Delivery.Replaced):
            before = self._backward(self.position)
            yield from takewhile(lambda each: isinstance(self._event(each), Retracted), before)
        if isinstance(self.receipt, Batch.Received | Delivery.Recorded):
            yield from takewhile(self._belongs, self._forward())

    def _recorded_by_release(self, released: Stored) -> Iterator[Stored]:
        """Yield what was recorded directly before a release, in the same transaction."""
        request = self._request(released)
        for stored in self._backward(released.id):
            if request is None or self._request(stored) != request:
                return
            if stored.topic == Quarantine.Released.TOPIC:
                return
            yield stored

    def _request(self, stored: Stored) -> tuple[str, int] | None:
        """Return the request and the time of recording of an event, if it has a request."""
        event = self._event(stored)
        if event is None or event.request_id is None:
            return None
        return event.request_id, stored.recorded_at

    def _belongs(self, stored: Stored) -> bool:
        """Say whether an event is of the same delivery, if all between them are."""
        event = self._event(stored)
        if isinstance(self.receipt, Delivery.Recorded):
            key = self.receipt.source, self.receipt.event_id
            return isinstance(event, Observed) and (event.source, event.event_id) == key
        if isinstance(event, Receipt):
            return event.batch == self.receipt.originator_id
        return isinstance(event, Observed) and event.source == self.receipt.source

    def _event(self, stored: Stored) -> Event | None:
        return decoded(self.ledger.streams, stored)

    def _forward(self) -> Iterator[Stored]:
        start = self.position + 1
        while start <= self.until:
            found = self.ledger.store.select_notifications(start, CHUNK, self.until)
            yield from found
            start += CHUNK

    def _backward(self, position: int) -> Iterator[Stored]:
        """Yield the events before a position, the nearest first."""
        while position > 1:
            start = max(1, position - CHUNK)
            found = self.ledger.store.select_notifications(start, position - start, position - 1)
            yield from reversed(found)
            position = start
