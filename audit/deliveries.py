"""The deliveries that events came from."""

from collections import defaultdict
from collections.abc import Iterable

from audit.decoding import decoded
from audit.entries import DeliveryReference
from domain.aggregate import Event
from domain.aggregates.batch import Batch
from domain.aggregates.delivery import Delivery
from domain.aggregates.quarantine import Quarantine
from domain.ledger import Ledger
from domain.observed import Observed, Retracted
from domain.receipt import Receipt

EVERYTHING = 2**62
"""A position beyond every ledger's end."""


class Deliveries:
    """Find the delivery of each of some events, with two queries for all of them."""

    def __init__(self, ledger: Ledger, events: Iterable[Event]) -> None:
        self._ledger = ledger
        self._receipts = self._load({stream for each in events if (stream := _stream_of(each))})
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
        [(_, signed), *_] = self._batches.get(receipt.batch or "") or [(position, receipt)]
        event_id = getattr(receipt, "event_id", None)
        return DeliveryReference(position, receipt.source, event_id, signed.webhook_id or None)

    def _load(self, names: Iterable[str]) -> dict[str, list[tuple[int, Receipt]]]:
        found: dict[str, list[tuple[int, Receipt]]] = defaultdict(list)
        for stored in self._ledger.store.select_streams(sorted(names), EVERYTHING):
            event = decoded(self._ledger.streams, stored)
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
