"""Verifying the signatures of deliveries."""

import hmac
import re
from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.receipt import VerifiedDelivery
from registry.keys import HMAC_SHA256, STANDARD_WEBHOOKS, Source, verification_key

# A header's octets are read as Latin-1 by WSGI (RFC 9110, 5.5). A timestamp is digits alone: int()
# would also accept " 170", "+1" and "1_7".
_FORMS = {
    "id": (re.compile(r"[\t\x20-\x7e\x80-\xff]{1,256}"), "text of at most 256 bytes"),
    "timestamp": (re.compile(r"[0-9]{1,12}"), "a whole number of seconds since 1970"),
    "signature": (re.compile(r"[\t\x20-\x7e\x80-\xff]+"), "text that a header can carry"),
}
_ITEM = re.compile(r"v1,[A-Za-z0-9+/]{43}=|v1a,[A-Za-z0-9+/]{86}==")
_DIGEST = re.compile(r"[0-9A-Fa-f]{64}|[A-Za-z0-9+/]{43}=")
_MOST_SIGNATURES = 16  # an ed25519 check takes 100 µs, and anyone can send signatures


class Headers(Protocol):
    """Headers by case-insensitive name, such as werkzeug's."""

    def get(self, key: str, /) -> str | None: ...


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
    if source.scheme == HMAC_SHA256:
        webhook_id, timestamp, signature = "", "", headers.get(source.header) or ""
        content, offered = body, _digests(source, signature)
    else:
        webhook_id, timestamp, signature = _standard_fields(headers)
        offered = _offered(signature)
        _check_age(timestamp, source.tolerance, now)
        content = b".".join((webhook_id.encode("latin-1"), timestamp.encode(), body))
    key_id = _signer(source, content, offered, now)
    return VerifiedDelivery(source.name, key_id, now, webhook_id, timestamp, signature, body)


def sign(secret: str, webhook_id: str, timestamp: str, body: bytes) -> str:
    """Return the `v1` signature header of a body; raises ValueError unless the secret is `whsec_…`."""
    key = verification_key(STANDARD_WEBHOOKS, secret)
    if isinstance(key, Ed25519PublicKey):
        raise ValueError("whsec_ secrets sign; whpk_ only verify")  # noqa: TRY004
    content = b".".join((webhook_id.encode(), timestamp.encode(), body))
    return "v1," + b64encode(hmac.digest(key, content, "sha256")).decode()


def claims(headers: Headers, now: datetime) -> dict[str, str | int | None]:
    """Return what a delivery says of itself, for the log: its id, and its age in seconds as the skew."""
    webhook_id, timestamp, _ = _sent_fields(headers)
    aged = _FORMS["timestamp"][0].fullmatch(timestamp)
    skew = round(now.timestamp()) - int(timestamp) if aged else None
    return {"webhook_id": webhook_id[:256], "skew_seconds": skew}


def _sent_fields(headers: Headers) -> list[str]:
    ours = [headers.get(f"webhook-{name}") or "" for name in _FORMS]
    svix = ours if all(ours) else [headers.get(f"svix-{name}") or "" for name in _FORMS]
    return svix if all(svix) else ours


def _standard_fields(headers: Headers) -> list[str]:
    fields = _sent_fields(headers)
    for name, value in zip(_FORMS, fields, strict=True):
        form, words = _FORMS[name]
        if not form.fullmatch(value):
            raise Unverified(
                MALFORMED, f"webhook-{name} is {f'not {words}' if value else 'missing'}"
            )
    return fields


def _check_age(timestamp: str, tolerance: int, now: datetime) -> None:
    age = now.timestamp() - int(timestamp)
    if abs(age) > tolerance:
        words = "too old" if age > 0 else "too far in the future"
        raise Unverified(STALE, f"timestamp {words}: more than {tolerance} s from our clock")


def _offered(signature: str) -> list[bytes]:
    items = [item for item in signature.split(" ") if _ITEM.fullmatch(item)]
    if not items:
        raise Unverified(MALFORMED, "webhook-signature holds no well-formed v1 or v1a signature")
    return [b64decode(item.partition(",")[2]) for item in items[:_MOST_SIGNATURES]]


def _digests(source: Source, signature: str) -> list[bytes]:
    """Return the digests in a header: a list, with commas or blanks, of which each may have the prefix."""
    prefix = re.compile(rf"(?<![^\s,]){re.escape(source.prefix.strip())}", re.IGNORECASE)
    items = re.split(r"[\s,]+", prefix.sub(" ", signature))
    digests = [item for item in items if _DIGEST.fullmatch(item)][:_MOST_SIGNATURES]
    if not digests:
        words = "is neither a hex nor a base64 SHA-256 digest" if signature else "is missing"
        raise Unverified(MALFORMED, f"{source.header} {words}")
    return [b64decode(item) if item.endswith("=") else bytes.fromhex(item) for item in digests]


def _signer(source: Source, content: bytes, offered: list[bytes], now: datetime) -> str:
    for key in source.keys:
        if key.live(now) and _signed(verification_key(source.scheme, key.secret), content, offered):
            return key.id
    raise Unverified(WRONG_KEY, "no live key of the source made this signature")


def _signed(key: bytes | Ed25519PublicKey, content: bytes, offered: list[bytes]) -> bool:
    # An HMAC has 32 bytes and an ed25519 signature 64, so neither is accepted as the other.
    if isinstance(key, bytes):
        expected = hmac.digest(key, content, "sha256")
        return any(hmac.compare_digest(expected, one) for one in offered)
    for one in offered:
        with suppress(InvalidSignature):
            key.verify(one, content)
            return True
    return False
