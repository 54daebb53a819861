"""Stores that are full before the measurement: events as the domain decides them, by the thousand."""

from datetime import UTC, datetime
from itertools import count, islice
from typing import Any

from benchmarks import traffic
from benchmarks.places import Place
from domain.aggregate import Event
from domain.aggregates.kit import Kit
from domain.messages import Message, Payload
from domain.receipt import VerifiedDelivery
from domain.use_cases.delivery_handler import DeliveryHandler

CHUNK = 2000
NOTE = "lab.note"
SIGNATURE = "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="


def kits(place: Place, amount: int, first: int = 1) -> None:
    """Store so many webhooks about a kit each: two events apiece."""
    _fill(place, amount, first, _about_kit)


def notes(place: Place, amount: int, first: int) -> None:
    """Store so many webhooks of a type that nobody knows: one event apiece."""
    _fill(place, amount, first, lambda number: None)


def _fill(place: Place, amount: int, first: int, about: Any) -> None:
    ledger, numbers = place.parts.ledger, count(first)
    for start in range(0, amount, CHUNK):
        events: list[Event] = []
        for number in islice(numbers, min(CHUNK, amount - start)):
            events += _decide(number, about(number))
        ledger.streams.save_events(events)


def _decide(number: int, about: Payload | None) -> list[Event]:
    """Return what the domain decides when this webhook is the first that it sees."""
    happened = datetime.fromtimestamp(traffic.FIRST_DAY + number, UTC)
    body = traffic.envelope(number)
    kind = "kit.created" if about else NOTE
    delivery = VerifiedDelivery(
        traffic.SOURCE, "key_0a1b2c3d", happened, f"msg_{number}", "1500000000", SIGNATURE, body
    )
    intake = DeliveryHandler(delivery, {}, lambda stream: (), batch=False)
    intake.take(Message(body, number, kind, happened, about))
    return intake.events


def _about_kit(number: int) -> Payload:
    barcode = traffic.barcode(number)
    shipment = number // 10
    told = {"barcode": barcode, "status": "KIT_SHIPPED", "shipment_id": shipment, "reason": None}
    return Payload(Kit, Kit.create_id(barcode), told)
