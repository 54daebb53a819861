"""Sources and their keys: the forms of secrets, generating and checking them."""

import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

STANDARD_WEBHOOKS, HMAC_SHA256 = "standard-webhooks", "hmac-sha256"
SCHEMES = (STANDARD_WEBHOOKS, HMAC_SHA256)
SHORTEST_KEY = 16
"""In bytes. The specification asks for 24; shorter keys that are hard to guess are accepted."""


@dataclass(frozen=True)
class Key:
    """A live key; its secret is `whsec_…`, `whpk_…`, or for hmac-sha256 any text."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Source:
    """A sender of webhooks: its live keys, and the `tolerance` of timestamps in seconds."""

    name: str
    scheme: str
    keys: tuple[Key, ...]
    tolerance: int = 300
    header: str = "X-Hub-Signature-256"
    prefix: str = "sha256="
    retired: bool = False


def new_secret(scheme: str) -> str:
    """Generate a secret of 32 random bytes: `whsec_…`, or hex for hmac-sha256."""
    raw = secrets.token_bytes(32)
    return raw.hex() if scheme == HMAC_SHA256 else "whsec_" + b64encode(raw).decode()


def check_secret(scheme: str, secret: str) -> None:
    """Refuse a secret that can't verify a signature, or is too short.

    Raises ValueError with one line that never quotes the secret: blank or unprintable for hmac-sha256;
    otherwise an unknown prefix, bad base64, `whsec_` under 16 bytes, `whpk_` not of 32 bytes.
    """
    verification_key(scheme, secret)


@lru_cache(maxsize=1024)
def verification_key(scheme: str, secret: str) -> bytes | Ed25519PublicKey:
    """Return the key in a secret; raises ValueError as check_secret does."""
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
    if len(raw) < SHORTEST_KEY:
        raise ValueError(f"the secret has {len(raw)} bytes and needs {SHORTEST_KEY}")
    return raw
