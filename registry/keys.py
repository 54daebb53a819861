"""Sources and their keys: the forms of secrets, generating and checking them."""

import hashlib
import secrets
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

STANDARD_WEBHOOKS, HMAC_SHA256 = "standard-webhooks", "hmac-sha256"
SCHEMES = (STANDARD_WEBHOOKS, HMAC_SHA256)
FINGERPRINT_DIGITS = 12
SHORTEST_KEY = 16
"""In bytes. The specification asks for 24; 16 that are random can't be guessed either."""


class SourceError(ValueError):
    """A source can't be added or changed as asked."""


@dataclass(frozen=True)
class Key:
    """A key that is live until `expires_at`; its secret is `whsec_…`, `whpk_…`, or for hmac-sha256 any text."""

    id: str
    secret: str = field(repr=False)
    expires_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        """Say whether the key still verifies signatures."""
        return self.expires_at is None or now < self.expires_at


def new_secret(scheme: str) -> str:
    """Generate a secret of 32 random bytes: `whsec_…`, or hex for hmac-sha256."""
    raw = secrets.token_bytes(32)
    return raw.hex() if scheme == HMAC_SHA256 else "whsec_" + b64encode(raw).decode()


def check_secret(scheme: str, secret: str, *, allow_short: bool = False) -> None:
    """Refuse a secret that can't verify a signature, or is too short unless that is allowed.

    Raises ValueError with one line that never quotes the secret: blank or unprintable for hmac-sha256;
    otherwise an unknown prefix, bad base64, no bytes, `whpk_` not of 32 bytes.
    """
    key = verification_key(scheme, secret)
    if isinstance(key, bytes) and len(key) < SHORTEST_KEY and not allow_short:
        raise ValueError(
            f"the secret has {len(key)} bytes and needs {SHORTEST_KEY}, unless you --allow-short"
        )


def fingerprint(secret: str) -> str:
    """Return what tells a secret from others, and is too short to find it by."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()[
        :FINGERPRINT_DIGITS
    ]


def same_secret(scheme: str, one: str, other: str) -> bool:
    """Say whether two secrets verify the same signatures, such as one with and one without padding."""
    with suppress(ValueError):
        return verification_key(scheme, one) == verification_key(scheme, other)
    return False


@lru_cache(maxsize=1024)
def verification_key(scheme: str, secret: str) -> bytes | Ed25519PublicKey:
    """Return the key in a secret; raises ValueError for one that can't verify a signature."""
    if scheme == HMAC_SHA256:
        if not secret.strip() or not secret.isprintable():
            raise ValueError("the secret is blank or holds unprintable characters")
        return secret.encode()
    kind, _, encoded = secret.partition("_")
    if kind not in ("whsec", "whpk"):
        raise ValueError("the secret starts with neither whsec_ nor whpk_")
    try:
        raw = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        raise ValueError("the secret is not base64 after its prefix") from None
    if kind == "whpk":
        return Ed25519PublicKey.from_public_bytes(raw)
    if not raw:
        raise ValueError("the secret is empty after its prefix")
    return raw
