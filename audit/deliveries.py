"""The deliveries that events came from."""

from collections import defaultdict
from collections.abc import Iterable

from audit.entries import DeliveryReference
from domain.aggregate import Event
from domain.aggregates.batch import Batch
from domain.aggregates.delivery import Delivery
from domain.aggregates.quarantine import Quarantine
from domain.observed import Observed, Retracted
from domain.receipt import Receipt
from domain.stream_repository import EventStore, StreamRepository

EVERYTHING = 2**62
"""A position beyond every ledger's end."""


class Deliveries:
    """Find the delivery of each of some events, with two queries for all of them."""

    def __init__(
        self, store: EventStore, streams: StreamRepository, events: Iterable[Event]
    ) -> None:
        self._store = store
        self._streams = streams
        names = {name for event in events if (name := _stream_of(event)) is not None}
        self._receipts = self._load(names)
        self._batches = self._load(
            {each.batch for found in self._receipts.values() for _, each in found if each.batch}
        )

    def of(self, position: int, event: Event) -> DeliveryReference | None:
        """Return the delivery of an event that is recorded at a position; None if there is none."""
        found = self._receipts.get(_stream_of(event) or "", [])
        if isinstance(event, Retracted):
            # The replacement that retracts it is recorded directly after it.
            position += 1
        recorded = [(at, receipt) for at, receipt in found if at <= position]
        return self._reference(*recorded[-1]) if recorded else None

    def _reference(self, position: int, receipt: Receipt) -> DeliveryReference:
        signed = self._batches[receipt.batch][0][1] if receipt.batch else receipt
        return DeliveryReference(
            position,
            receipt.source,
            getattr(receipt, "event_id", None),
            signed.webhook_id or None,
        )

    def _load(self, names: Iterable[str]) -> dict[str, list[tuple[int, Receipt]]]:
        found: dict[str, list[tuple[int, Receipt]]] = defaultdict(list)
        for stored in self._store.select_streams(sorted(names), EVERYTHING):
            event = self._streams.decode(stored)
            if isinstance(event, Receipt):
                found[stored.originator_id].append((stored.id, event))
        return found


def _stream_of(event: Event) -> str | None:
    """Return the stream of the delivery that an event came from."""
    if isinstance(event, Observed | Retracted):
        return Delivery.create_id(event.source, event.event_id)
    if event.aggregate_class in {Batch, Delivery, Quarantine}:
        return event.originator_id
    return None
