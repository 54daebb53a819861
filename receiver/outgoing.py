"""Webhooks as a source sends them: its envelope, and its signature."""

import hmac
import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import json_pointers
from domain.event_ids import EventId
from domain.locations import Location, parse
from receiver.dates import iso
from registry.envelope_mappings import DEFAULT_LOCATIONS, EnvelopeMapping
from registry.keys import SourceError, verification_key
from registry.presets import CLOUDEVENTS
from registry.signature_templates import HEX
from registry.source import Source

ORIGIN = "kitledger"
"""The `source` of the CloudEvents that are made here."""


@dataclass(frozen=True)
class Event:
    """An event to be sent; `created_at` is aware, UTC, or None, so that it is that of its receipt."""

    id: EventId
    type: str
    created_at: datetime | None
    data: Any


@dataclass(frozen=True)
class Webhook:
    """A body with its headers, and what was signed, for people to read."""

    body: bytes
    headers: dict[str, str]
    signed: str


def envelope(source: Source, event: Event) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers that say an event as a source says it.

    Raises SourceError for what does not fit into the body or a header.
    """
    if source.preset == CLOUDEVENTS:
        attributes = {"specversion": "1.0", "id": str(event.id), "source": ORIGIN}
        time = {"time": iso(event.created_at)} if event.created_at else {}
        whole = {**attributes, "type": event.type, **time, "data": event.data}
        return _encoded(whole), {"Content-Type": "application/cloudevents+json"}
    locations = {name: parse(where) for name, where in DEFAULT_LOCATIONS.items()}
    mapping = source.mapping or EnvelopeMapping(
        **{name.removesuffix("_from"): where for name, where in locations.items()}
    )
    headers, body = {"Content-Type": "application/json"}, None
    said: list[tuple[Location | None, Any]] = [
        (mapping.id, event.id),
        (mapping.type, event.type),
        (mapping.time if event.created_at else None, event.created_at and iso(event.created_at)),
        (mapping.data, event.data),
    ]
    # What holds another part comes before it.
    for location, value in sorted(said, key=_depth):
        if location is None:
            continue
        if location.pointer is None:
            headers[str(location.header)] = _in_header(str(value))
            continue
        try:
            body = json_pointers.put(body, location.pointer, value)
        except LookupError as error:
            raise SourceError(f"the data leaves no room for {location}") from error
    return _encoded(body), headers


def signed(
    source: Source,
    secret: str,
    body: bytes,
    headers: dict[str, str],
    webhook_id: str,
    now: datetime,
) -> Webhook:
    """Return a body with its headers and those of its signature; raises SourceError if a key can't sign."""
    try:
        key = verification_key(source.scheme, secret)
    except ValueError as error:
        raise SourceError(str(error)) from error
    if not isinstance(key, bytes):
        raise SourceError("a public key verifies signatures and makes none")
    form, timestamp = source.form, str(int(now.timestamp()))
    values = {"id": webhook_id.encode(), "timestamp": timestamp.encode(), "body": body}
    content = b"".join(part if isinstance(part, bytes) else values[part] for part in form.signed)
    digest = hmac.digest(key, content, form.digest)
    encoded = digest.hex() if form.encoding == HEX else b64encode(digest).decode()
    value = form.template.replace("{timestamp}", timestamp).replace("{signature}", encoded)
    sent = {"id": webhook_id, "timestamp": timestamp, "signature": value}
    made = {name: sent[what] for what, name in form.names[0].items()}
    shown = content.removesuffix(body).decode() + f"<{len(body)} bytes of body>"
    described = f"HMAC by {form.digest} in {form.encoding} of {shown}"
    return Webhook(body, {**headers, **made}, described)


def _depth(said: tuple[Location | None, Any]) -> int:
    location, _ = said
    return (location.pointer or "").count("/") if location else 0


def _in_header(value: str) -> str:
    """Return a value that a header carries unchanged; raises SourceError for another."""
    if not (value.isascii() and value.isprintable()) or value != value.strip():
        raise SourceError(f"a header carries printable ASCII alone, and not {value!r}")
    return value


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
