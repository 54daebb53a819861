"""Stores filled before a measurement: events as the domain decides them, in large transactions."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count, islice

from benchmarks import traffic
from benchmarks.store_under_test import LOADER, StoreUnderTest
from domain.aggregate import Event
from domain.aggregates.kit import Kit
from domain.messages import Message, Payload
from domain.receipt import VerifiedDelivery
from domain.use_cases.delivery_handler import DeliveryHandler
from domain.use_cases.kit_registrations import register_kit, set_verification_date

CHUNK = 2000
NOTE = "lab.note"
STORY = "STORY"
SIGNATURE = "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="


def store_kits(store: StoreUnderTest, amount: int, first: int = 1) -> None:
    """Store webhooks about one kit each: two events per webhook."""
    _fill(store, amount, first, _kit_payload)


def store_notes(store: StoreUnderTest, amount: int, first: int) -> None:
    """Store webhooks of an unknown type: one event per webhook."""
    _fill(store, amount, first, lambda number: None)


def store_story(store: StoreUnderTest, amount: int, first: int) -> None:
    """Store webhooks about one and the same kit."""
    ledger, stream = store.services.ledger.caused_by(LOADER), Kit.create_id(STORY)
    payload = Payload(Kit, stream, {**_kit_payload(first).values, "barcode": STORY})
    for version in range(amount):
        ledger.streams.save_events(_events(first + version, payload, {stream: version}))


def store_kit_registrations(store: StoreUnderTest, amount: int) -> None:
    """Store registrations of kits, and as many changes of the first one."""
    ledger, now = store.services.ledger.caused_by(LOADER), datetime.now(UTC)
    made = [
        register_kit(ledger, now=now, customer=1, kit=f"R{number}", verification_date=None)[0]
        for number in range(amount)
    ]
    for number in range(amount):
        set_verification_date(
            ledger, made[0].registration_id, now + timedelta(days=number), now=now
        )


def _fill(
    store: StoreUnderTest, amount: int, first: int, payload: Callable[[int], Payload | None]
) -> None:
    ledger, numbers = store.services.ledger, count(first)
    for start in range(0, amount, CHUNK):
        events: list[Event] = []
        for number in islice(numbers, min(CHUNK, amount - start)):
            events += _events(number, payload(number))
        ledger.caused_by(LOADER).streams.save_events(events)


def _events(
    number: int, payload: Payload | None, versions: Mapping[str, int] | None = None
) -> list[Event]:
    """Return the events of a delivery to streams of these versions, or to empty ones."""
    received_at = datetime.fromtimestamp(traffic.FIRST_DAY + number, UTC)
    body = traffic.envelope(number)
    event_type = "kit.created" if payload else NOTE
    delivery = VerifiedDelivery(
        traffic.SOURCE, "key_0a1b2c3d", received_at, f"msg_{number}", "1500000000", SIGNATURE, body
    )
    handler = DeliveryHandler(delivery, versions or {}, lambda stream: (), batch=False)
    handler.handle(Message(body, number, event_type, received_at, payload))
    return handler.events


def _kit_payload(number: int) -> Payload:
    barcode = traffic.barcode(number)
    shipment = number // 10
    fields = {"barcode": barcode, "status": "KIT_SHIPPED", "shipment_id": shipment, "reason": None}
    return Payload(Kit, Kit.create_id(barcode), fields)
