"""Deliveries as they were received, and what became of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from audit.decoding import decoded
from audit.entries import Subject, subject
from audit.followers import Followers
from domain.aggregate import Event
from domain.aggregates.batch import Batch
from domain.aggregates.delivery import Delivery
from domain.aggregates.quarantine import Quarantine
from domain.aggregates.source import Source
from domain.cause import SOURCE
from domain.event_ids import EventId
from domain.ledger import Ledger
from domain.receipt import Receipt

OUTCOMES: dict[type[Event], str] = {
    Delivery.Recorded: "recorded",
    Delivery.Replaced: "replaced",
    Batch.Received: "array",
}


@dataclass(frozen=True)
class Followed:
    """An event that followed from a delivery."""

    position: int
    event: str
    subject: Subject


@dataclass(frozen=True)
class Received:
    """A delivery with its exact bytes; `signed` is the receipt that the signature covers.

    `outcome` is recorded, replaced or array, or the reason for which it was held. `batch` is the position of
    its array. `received_at` is aware, UTC. `settings` are those of its source at that time, as far as the
    ledger has them.
    """

    position: int
    source: str
    key_id: str
    received_at: datetime
    outcome: str
    event_id: EventId | None
    batch: int | None
    events: list[Followed]
    body: bytes
    signed: Receipt
    settings: dict[str, object]


def received(ledger: Ledger, position: int, until: int) -> Received | None:
    """Return the delivery that is recorded at a position, with what followed up to another; or None."""
    stored = ledger.store.select_notifications(position, 1, position)
    event = decoded(ledger.streams, stored[0]) if stored else None
    if not isinstance(event, Receipt):
        return None
    batch, array = _first(ledger, event.batch, until) or (None, event)
    return Received(
        position=position,
        source=event.source,
        key_id=event.key_id,
        received_at=_received_at(ledger, position, event, array),
        outcome=event.reason if isinstance(event, Quarantine.Held) else OUTCOMES[type(event)],
        event_id=getattr(event, "event_id", None),
        batch=batch,
        events=list(_followed(ledger, position, event, until)),
        body=event.body,
        signed=array,
        settings=_settings(ledger, event.source, position),
    )


def _followed(ledger: Ledger, position: int, event: Receipt, until: int) -> Iterator[Followed]:
    for each in Followers(ledger, position, event, until).all():
        yield Followed(each.id, each.topic, subject(str(each.originator_id)))


def _received_at(ledger: Ledger, position: int, event: Receipt, array: Receipt) -> datetime:
    """Return the time of receipt: an envelope that was held before has the time of its release."""
    sent = event.by is not None and event.by.partition("/")[0] == SOURCE
    if array is event and isinstance(event, Delivery.Recorded) and not sent:
        stream = Quarantine.create_id(event.source, event.body, event.headers)
        held = _first(ledger, stream, position)
        return event.timestamp if held is None else held[1].timestamp
    return array.timestamp


def _first(ledger: Ledger, stream: str | None, until: int) -> tuple[int, Receipt] | None:
    """Return the receipt with which a stream begins, and its position."""
    for stored in ledger.store.select_streams([] if stream is None else [stream], until):
        event = decoded(ledger.streams, stored)
        return (stored.id, event) if isinstance(event, Receipt) else None
    return None


def _settings(ledger: Ledger, source: str, position: int) -> dict[str, object]:
    stream = Source.create_id(source)
    stored = ledger.store.select_streams([stream], position)
    events = takewhile(bool, (decoded(ledger.streams, each) for each in stored))
    return Source(stream).replay(each for each in events if each is not None).settings
