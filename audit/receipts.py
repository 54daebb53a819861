"""Deliveries as they were received, and what became of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.aggregate import Event
from domain.aggregates.batch import Batch
from domain.aggregates.delivery import Delivery
from domain.aggregates.quarantine import Quarantine
from domain.ledger import Ledger
from domain.observed import Observed
from domain.receipt import Receipt

MOST_FOLLOWING = 3000
"""More than the events of the largest array."""
OUTCOMES: dict[type[Event], str] = {
    Delivery.Recorded: "recorded",
    Delivery.Replaced: "replaced",
    Batch.Received: "array",
}


@dataclass(frozen=True)
class Following:
    """An event that followed from a delivery."""

    position: int
    event: str


@dataclass(frozen=True)
class Received:
    """A delivery with its exact bytes; `signed` is the receipt that the signature covers.

    `outcome` is recorded, replaced or array, or the reason for which it was held. `batch` is the position of
    its array. `received_at` is aware, UTC.
    """

    position: int
    source: str
    key_id: str
    received_at: datetime
    outcome: str
    event_id: int | None
    batch: int | None
    events: list[Following]
    body: bytes
    signed: Receipt


def received(ledger: Ledger, position: int, until: int) -> Received | None:
    """Return the delivery that is recorded at a position, with what followed up to another; or None."""
    event = _at(ledger, position)
    if not isinstance(event, Receipt):
        return None
    [array] = ledger.store.select_streams([event.batch], until) if event.batch else [None]
    signed = event if array is None else ledger.streams.decode(array)
    assert isinstance(signed, Receipt), "a batch begins with its receipt"
    return Received(
        position=position,
        source=event.source,
        key_id=event.key_id,
        received_at=event.timestamp if array is None else signed.timestamp,
        outcome=event.reason if isinstance(event, Quarantine.Held) else OUTCOMES[type(event)],
        event_id=getattr(event, "event_id", None),
        batch=None if array is None else array.id,
        events=list(_following(ledger, position, event, until)),
        body=event.body,
        signed=signed,
    )


def _at(ledger: Ledger, position: int) -> Event | None:
    found = ledger.store.select_notifications(position, 1, position)
    return ledger.streams.decode(found[0]) if found else None


def _following(ledger: Ledger, position: int, event: Receipt, until: int) -> Iterator[Following]:
    if isinstance(event, Quarantine.Held):
        stored: Sequence[Any] = ledger.store.select_streams([event.originator_id], until)[1:]
    else:
        # They are recorded in the same transaction, directly after it.
        stored = ledger.store.select_notifications(position + 1, MOST_FOLLOWING, until)
    for each in stored:
        if not _follows(ledger.streams.decode(each), event):
            return
        yield Following(each.id, each.topic)


def _follows(later: Event, event: Receipt) -> bool:
    """Say whether an event follows from a delivery, if all between them do."""
    if isinstance(event, Quarantine.Held):
        return True
    if isinstance(event, Batch.Received):
        return _part_of(later, event)
    key = event.source, getattr(event, "event_id", None)
    return isinstance(later, Observed) and (later.source, later.event_id) == key


def _part_of(later: Event, array: Batch.Received) -> bool:
    if isinstance(later, Receipt):
        return later.batch == array.originator_id
    return isinstance(later, Observed) and later.source == array.source
