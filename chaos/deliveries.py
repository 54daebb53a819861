"""What is sent: deliveries of one event or a few, each event with an id of its own."""

import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

from receiver.signatures import sign

SOURCE = "lab"
STATUSES = ("KIT_SHIPPED", "KIT_RECEIVED", "KIT_PROCESSING", "KIT_FAILED")
EVENTS_A_KIT = 3
ARRAY = 5
ARRAY_SHARE = 0.2


@dataclass(frozen=True)
class Delivery:
    """Some events under one id, which stays the same however often they are sent."""

    webhook_id: str
    event_ids: tuple[int, ...]
    body: bytes

    def headers(self, secret: str, now: float) -> dict[str, str]:
        """Sign it, as its source does each time it sends it."""
        timestamp = str(int(now))
        return {
            "Content-Type": "application/json",
            "webhook-id": self.webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(secret, self.webhook_id, timestamp, self.body),
        }


class Deliveries:
    """Make deliveries, none like another; senders share it."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._lock = threading.Lock()

    def next(self, size: int | None = None) -> Delivery:
        """Make one of so many events; of one or a few if not told."""
        size = size or (ARRAY if random.random() < ARRAY_SHARE else 1)
        with self._lock:
            ids = tuple(islice(self._ids, size))
        events = [envelope(event_id) for event_id in ids]
        body = json.dumps(events if size > 1 else events[0]).encode()
        return Delivery(f"msg_chaos_{ids[0]}", ids, body)


def envelope(event_id: int) -> dict[str, object]:
    """Write an event: some follow one another in the life of a kit."""
    kit = {"barcode": barcode(event_id), "status": status(event_id)}
    return {"id": event_id, "type": "kit.updated", "data": {"kit": kit}}


def barcode(event_id: int) -> str:
    """Name the kit that an event is about."""
    return f"UL{event_id // EVENTS_A_KIT:08d}"


def status(event_id: int) -> str:
    """Give the status that an event tells of."""
    return STATUSES[event_id % len(STATUSES)]


def statuses(event_ids: Iterator[int] | set[int]) -> dict[str, str]:
    """Give the status of each kit after these events: the highest id has the last word."""
    return {barcode(event_id): status(event_id) for event_id in sorted(event_ids)}
