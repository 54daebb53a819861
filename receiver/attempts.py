"""Trying a webhook: the way of a real one, up to the store, in which nothing is changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.ledger import Ledger
from domain.messages import InvalidEnvelope, Message
from domain.receipt import VerifiedDelivery
from domain.use_cases.delivery_handler import DeliveryHandler
from receiver import cloud_events, dates, envelopes
from receiver.challenges import challenge
from receiver.signatures import Unverified, verify
from registry.source import Source

HANDSHAKE = {"outcome": "handshake"}
TAKEN = {"recorded", "duplicate"}


@dataclass(frozen=True)
class Attempt:
    """The fate of a webhook that was tried: whether its signature holds, and the outcome of each event.

    `refused` says why it would be refused as a whole; the outcomes are those that it would have otherwise.
    """

    accepted: bool
    refused: str | None
    signature: str
    events: list[dict[str, Any]]


class _AnyCase(dict[str, str]):
    """Headers by names in any case."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def get(self, key: str, default: Any = None, /) -> Any:
        return super().get(key.lower(), default)


def attempt(ledger: Ledger, source: Source, headers: Mapping[str, str], body: bytes) -> Attempt:
    """Say what would become of a webhook; events are read although its signature is not valid."""
    sent = _AnyCase(headers)
    now = dates.utc_now()
    try:
        delivery = verify(source, sent, body, now)
        signature = f"valid, by {delivery.key_id}"
    except Unverified as refusal:
        webhook_id = sent.get("webhook-id") or sent.get("svix-id") or ""
        delivery = VerifiedDelivery(source.name, "", now, webhook_id, "", "", body)
        signature = f"not valid: {refusal}"
    refused = envelopes.unread_type(source, cloud_events.mimetype_of(sent))
    if source.retired:
        refused = "the source was retired"
    if refused is None and not delivery.key_id:
        refused = f"401, the signature is {signature}"
    if challenge(source, body):
        return Attempt(refused is None, refused, signature, [HANDSHAKE])
    delivery = envelopes.with_headers(source, delivery, sent)
    messages, batch = envelopes.read_delivery(source, delivery)
    streams = DeliveryHandler.streams_of(delivery, messages, batch=batch)
    handler = DeliveryHandler(
        delivery,
        ledger.streams.stream_versions(streams),
        ledger.streams.history,
        batch=batch,
        ignored=source.ignored,
    )
    events = [_shown(handler, message) for message in messages]
    accepted = refused is None and all(each["outcome"] in TAKEN for each in events)
    return Attempt(accepted, refused, signature, events)


def _shown(handler: DeliveryHandler, message: Message | InvalidEnvelope) -> dict[str, Any]:
    outcome = handler.handle(message)
    shown: dict[str, Any] = {"outcome": outcome.status, "id": outcome.event_id}
    if isinstance(message, Message):
        created_at = message.created_at
        shown["type"] = message.type
        shown["time"] = None if created_at is None else created_at.isoformat()
        shown["sequence"] = message.sequence
        shown["data"] = message.data_from or "body:/data"
        shown["concerns"] = message.payload and message.payload.stream
    else:
        shown["errors"] = message.errors
    return shown
