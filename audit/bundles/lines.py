"""The lines of a bundle: an event each, with all that is stored, and what a delivery says in it."""

from collections.abc import Sequence

from msgspec import Struct

from audit.decoding import decoded
from domain.aggregates.batch import Batch
from domain.aggregates.delivery import Delivery
from domain.aggregates.quarantine import Quarantine
from domain.ledger import Ledger
from domain.receipt import Receipt
from store.event_queries import RecordedEvent
from store.stored_rows import WholeRow

RECEIPTS = {
    each.TOPIC for each in (Batch.Received, Delivery.Recorded, Delivery.Replaced, Quarantine.Held)
}


class SignedDelivery(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A delivery as it was received; `body` is its bytes if they are text, else they are in `body_base64`."""

    source: str
    key_id: str
    webhook_id: str
    webhook_timestamp: str
    signature: str
    headers: dict[str, str] | None = None
    batch: str | None = None
    body: str | None = None
    body_base64: bytes | None = None


class Line(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One event; `proof` has the hashes from its leaf to the root of the checkpoint's tree."""

    position: int
    recorded_at: int
    stream: str
    version: int
    topic: str
    state: bytes
    by: str = ""
    has_reason: bool = False
    organization: int | None = None
    delivery: SignedDelivery | None = None
    proof: list[bytes] | None = None

    def row(self) -> WholeRow:
        """Return the row of the event."""
        event = (self.position, self.stream, self.version, self.topic, self.state)
        return WholeRow(*event, self.by, self.has_reason, self.organization, self.recorded_at)


def line(ledger: Ledger, row: WholeRow, proof: Sequence[bytes] | None = None) -> Line:
    """Return the line of a row."""
    return Line(
        position=row.position,
        recorded_at=row.recorded_at,
        stream=row.originator_id,
        version=row.originator_version,
        topic=row.topic,
        state=row.state,
        by=row.by,
        has_reason=row.has_reason,
        organization=row.organization,
        delivery=_delivery(ledger, row),
        proof=None if proof is None else list(proof),
    )


def recorded(row: WholeRow) -> RecordedEvent:
    """Return the event of a row, as queries return it."""
    event = (row.originator_id, row.originator_version, row.topic, row.state)
    return RecordedEvent(*event, row.position, row.recorded_at)


def _delivery(ledger: Ledger, row: WholeRow) -> SignedDelivery | None:
    """Return what is delivered in an event; None where states are encrypted, not to be read by everybody."""
    if row.topic not in RECEIPTS or ledger.mapper.cipher is not None:
        return None
    event = decoded(ledger.streams, recorded(row))
    if not isinstance(event, Receipt):
        return None
    try:
        text, raw = event.body.decode(), None
    except UnicodeDecodeError:
        text, raw = None, event.body
    return SignedDelivery(
        source=event.source,
        key_id=event.key_id,
        webhook_id=event.webhook_id,
        webhook_timestamp=event.webhook_timestamp,
        signature=event.signature,
        headers=event.headers,
        batch=event.batch,
        body=text,
        body_base64=raw,
    )
