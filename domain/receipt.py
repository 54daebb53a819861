"""A delivery that was verified, and the receipt of it that events keep."""

from dataclasses import dataclass
from datetime import datetime

from domain.aggregate import Event


@dataclass(frozen=True)
class VerifiedDelivery:
    """Hold what one source sent, exactly, after its signature was found good.

    `webhook_id` and `webhook_timestamp` are signed together with the body, and empty for schemes
    that have neither. `signature` is the whole header value. `received_at` is aware, UTC.
    """

    source: str
    key_id: str
    received_at: datetime
    webhook_id: str
    webhook_timestamp: str
    signature: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Receipt(Event):
    """Keep what proves a delivery: every event about something received is a receipt.

    Each envelope of an array has a receipt of its own: then `body` is its slice of the array, `batch`
    names the stream that keeps the whole, and the signature is kept there.
    """

    source: str
    key_id: str
    webhook_id: str
    webhook_timestamp: str
    signature: str
    body: bytes
    batch: str | None

    def delivery(self) -> VerifiedDelivery:
        """Return the delivery as it was received."""
        return VerifiedDelivery(
            self.source,
            self.key_id,
            self.timestamp,
            self.webhook_id,
            self.webhook_timestamp,
            self.signature,
            self.body,
        )
