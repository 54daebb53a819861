"""Verifying the signatures of deliveries."""

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.receipt import VerifiedDelivery
from registry.keys import STANDARD_WEBHOOKS, verification_key
from registry.signature_forms import SignatureForm
from registry.signature_templates import DIGESTS
from registry.source import Source

# A header's octets are read as Latin-1 by WSGI (RFC 9110, 5.5). A timestamp is digits alone: int()
# would also accept " 170", "+1" and "1_7".
_FORMS = {
    "id": (re.compile(r"[\t\x20-\x7e\x80-\xff]{1,256}"), "text of at most 256 bytes"),
    "timestamp": (re.compile(r"[0-9]{1,12}"), "a whole number of seconds since 1970"),
    "signature": (re.compile(r"[\t\x20-\x7e\x80-\xff]+"), "text that a header can carry"),
}
_MOST_SIGNATURES = 16  # an ed25519 check takes 100 µs, and anyone can send signatures


class Headers(Protocol):
    """Headers by case-insensitive name, such as werkzeug's."""

    def get(self, key: str, /) -> str | None: ...
    def items(self) -> Iterable[tuple[str, str]]: ...


MALFORMED, STALE, WRONG_KEY = "malformed-headers", "stale-timestamp", "wrong-key"


class Unverified(Exception):
    """Refuse a delivery whose signature is not valid; the reason quotes nothing that was sent."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def verify(source: Source, headers: Headers, body: bytes, now: datetime) -> VerifiedDelivery:
    """Return the delivery if a live key of its source signed it.

    `body` is the raw bytes; `now` is aware, UTC. Raises Unverified, and nothing else for any input.
    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    form = source.form
    sent = _sent(form, headers)
    offered = _offered(form, sent["signature"])
    timestamp = _timestamp(form, sent)
    if form.has_time:
        _check_age(timestamp, source.tolerance, now)
    webhook_id = sent.get("id", "")
    values = {"id": webhook_id.encode("latin-1"), "timestamp": timestamp.encode(), "body": body}
    content = b"".join([part if isinstance(part, bytes) else values[part] for part in form.signed])
    key_id = _signer(source, content, offered, now)
    return VerifiedDelivery(
        source.name, key_id, now, webhook_id, timestamp, sent["signature"], body
    )


def sign(secret: str, webhook_id: str, timestamp: str, body: bytes) -> str:
    """Return the `v1` signature header of a body; raises ValueError unless the secret is `whsec_…`."""
    key = verification_key(STANDARD_WEBHOOKS, secret)
    if isinstance(key, Ed25519PublicKey):
        raise ValueError("whsec_ secrets sign; whpk_ only verify")  # noqa: TRY004
    content = b".".join((webhook_id.encode(), timestamp.encode(), body))
    return "v1," + b64encode(hmac.digest(key, content, "sha256")).decode()


def claims(source: Source, headers: Headers, now: datetime) -> dict[str, str | int | None]:
    """Return what a delivery says of itself, for the log: its id, and its age in seconds as the skew."""
    _, sent = _values(source.form, headers)
    skew = None
    with suppress(Unverified):
        timestamp = _timestamp(source.form, sent)
        aged = _FORMS["timestamp"][0].fullmatch(timestamp)
        skew = round(now.timestamp()) - int(timestamp) if aged else None
    return {"webhook_id": sent.get("id", "")[:256], "skew_seconds": skew}


def _values(form: SignatureForm, headers: Headers) -> tuple[Mapping[str, str], dict[str, str]]:
    """Return the first set of headers that was sent whole, else the first set, with what they hold."""
    for names in form.names:
        sent = {what: headers.get(name) or "" for what, name in names.items()}
        if all(sent.values()):
            return names, sent
    names = form.names[0]
    return names, {what: headers.get(name) or "" for what, name in names.items()}


def _sent(form: SignatureForm, headers: Headers) -> dict[str, str]:
    """Return the values of the headers by what they hold, each well-formed."""
    names, sent = _values(form, headers)
    for what, value in sent.items():
        pattern, words = _FORMS[what]
        if not pattern.fullmatch(value):
            shown = names[what].replace("svix-", "webhook-")
            raise Unverified(MALFORMED, f"{shown} is {f'not {words}' if value else 'missing'}")
    return sent


def _timestamp(form: SignatureForm, sent: dict[str, str]) -> str:
    if form.timestamps is None:
        return sent.get("timestamp", "")
    found = form.timestamps.search(sent["signature"])
    if found is None:
        raise Unverified(MALFORMED, f"{form.names[0]['signature']} holds no timestamp")
    return found[1]


def _check_age(timestamp: str, tolerance: int, now: datetime) -> None:
    age = now.timestamp() - int(timestamp)
    if abs(age) > tolerance:
        words = "too old" if age > 0 else "too far in the future"
        raise Unverified(STALE, f"timestamp {words}: more than {tolerance} s from our clock")


def _offered(form: SignatureForm, signature: str) -> list[bytes]:
    items = islice(form.signatures.finditer(signature), _MOST_SIGNATURES)
    found = [each[each.lastindex or 0] for each in items]
    if not found:
        raise Unverified(MALFORMED, f"{form.names[0]['signature']} {form.malformed}")
    hexadecimal = 2 * DIGESTS[form.digest]
    return [bytes.fromhex(each) if len(each) == hexadecimal else b64decode(each) for each in found]


def _signer(source: Source, content: bytes, offered: list[bytes], now: datetime) -> str:
    for key in source.keys:
        verifying = verification_key(source.scheme, key.secret)
        if key.live(now) and _signed(verifying, content, offered, source.form.digest):
            return key.id
    raise Unverified(WRONG_KEY, "no live key of the source made this signature")


def _signed(
    key: bytes | Ed25519PublicKey, content: bytes, offered: list[bytes], digest: str
) -> bool:
    # An HMAC by SHA-256 has 32 bytes and an ed25519 signature 64, so neither is accepted as the other.
    if isinstance(key, bytes):
        expected = hmac.digest(key, content, digest)
        return any(hmac.compare_digest(expected, one) for one in offered)
    for one in offered:
        with suppress(InvalidSignature):
            key.verify(one, content)
            return True
    return False
