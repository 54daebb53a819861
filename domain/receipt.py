"""A verified delivery, and the receipt of it that events keep."""

from dataclasses import dataclass
from datetime import datetime

from domain.aggregate import Event


@dataclass(frozen=True)
class VerifiedDelivery:
    """A delivery with a valid signature; `body` is its exact bytes.

    `webhook_id` and `webhook_timestamp` are signed with the body, and empty for schemes without
    them. `signature` is the whole header value. `received_at` is aware, UTC. `headers` are those that say
    something of its events, by lower-case names; None where the body says everything.
    """

    source: str
    key_id: str
    received_at: datetime
    webhook_id: str
    webhook_timestamp: str
    signature: str
    body: bytes
    headers: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Receipt(Event):
    """An event that keeps the evidence of a delivery: its bytes and its signature.

    Each envelope of an array has its own receipt: `body` is its slice of the array, and `batch` names
    the stream that keeps the whole array and the signature.
    """

    source: str
    key_id: str
    webhook_id: str
    webhook_timestamp: str
    signature: str
    body: bytes
    batch: str | None
    headers: dict[str, str] | None = None

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
            self.headers,
        )
