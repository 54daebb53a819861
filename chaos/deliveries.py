"""Webhook deliveries of one event or a few, each event with a unique id."""

import json
import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count, islice

from receiver.signatures import sign

SOURCE = "lab"
STATUSES = ("KIT_SHIPPED", "KIT_RECEIVED", "KIT_PROCESSING", "KIT_FAILED")
EVENTS_PER_KIT = 3
ARRAY_SIZE = 5
ARRAY_SHARE = 0.2


@dataclass(frozen=True)
class Delivery:
    """Events under one webhook id, which stays the same when the delivery is repeated."""

    webhook_id: str
    event_ids: tuple[int, ...]
    body: bytes

    def headers(self, secret: str, now: float) -> dict[str, str]:
        """Return the headers of one attempt, signed at `now`."""
        timestamp = str(int(now))
        return {
            "Content-Type": "application/json",
            "webhook-id": self.webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(secret, self.webhook_id, timestamp, self.body),
        }


class DeliveryGenerator:
    """Generate distinct deliveries for all senders of an experiment."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._lock = threading.Lock()

    def next(self, size: int | None = None) -> Delivery:
        """Return a delivery of `size` events; by default of one, or sometimes of an array."""
        size = size or (ARRAY_SIZE if random.random() < ARRAY_SHARE else 1)
        with self._lock:
            ids = tuple(islice(self._ids, size))
        events = [envelope(event_id) for event_id in ids]
        body = json.dumps(events if size > 1 else events[0]).encode()
        return Delivery(f"msg_chaos_{ids[0]}", ids, body)


def envelope(event_id: int) -> dict[str, object]:
    """Return the envelope of an event; three successive events are about the same kit."""
    kit = {"barcode": barcode(event_id), "status": status(event_id)}
    return {"id": event_id, "type": "kit.updated", "data": {"kit": kit}}


def barcode(event_id: int) -> str:
    """Return the barcode of the kit of an event."""
    return f"UL{event_id // EVENTS_PER_KIT:08d}"


def status(event_id: int) -> str:
    """Return the status that an event reports."""
    return STATUSES[event_id % len(STATUSES)]


def current_statuses(event_ids: Iterable[int]) -> dict[str, str]:
    """Return the expected status of each kit after these events: that of the highest event id."""
    return {barcode(event_id): status(event_id) for event_id in sorted(event_ids)}
