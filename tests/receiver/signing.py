"""Signatures of the specification and of senders, and what is made of them."""

import base64
import hmac
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.receipt import VerifiedDelivery
from receiver.signatures import Unverified, verify
from registry.keys import HMAC_SHA256, STANDARD_WEBHOOKS, Key
from registry.source import Source

# The vectors that the libraries of the Standard Webhooks project share.
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = "1614265330"
BODY = b'{"test": 2432232314}'
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
PUBLIC_KEY = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
PUBLIC_SIGNATURE = (
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
)
NOW = datetime.fromtimestamp(int(TIMESTAMP), UTC)
ANOTHER_SECRET = "whsec_" + base64.b64encode(b"another secret of 32 bytes, yes.").decode()
WRONG_SIGNATURE = "v1," + base64.b64encode(bytes(32)).decode()

LAB = Source("lab", STANDARD_WEBHOOKS, (Key("k1", SECRET),))
HEADERS = {"webhook-id": ID, "webhook-timestamp": TIMESTAMP, "webhook-signature": SIGNATURE}

# GitHub's own example: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
GITHUB = Source("github", HMAC_SHA256, (Key("g1", "It's a Secret to Everybody"),))
GITHUB_BODY = b"Hello, World!"
GITHUB_DIGEST = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
SHOPIFY_HEADER = "X-Shopify-Hmac-Sha256"
SHOPIFY = Source("shop", HMAC_SHA256, (Key("s1", "hush"),), header=SHOPIFY_HEADER, prefix="")


def signed(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()


def signed_by(private: Ed25519PrivateKey, content: bytes) -> str:
    return "v1a," + base64.b64encode(private.sign(content)).decode()


def public_key(private: Ed25519PrivateKey) -> str:
    return "whpk_" + base64.b64encode(private.public_key().public_bytes_raw()).decode()


def with_keys(*secrets: str) -> Source:
    return replace(LAB, keys=tuple(Key(f"k{n}", secret) for n, secret in enumerate(secrets, 1)))


def with_signature(*items: str) -> dict[str, str]:
    return {**HEADERS, "webhook-signature": " ".join(items)}


def assembled(parts: Iterable[bytes], signature: str) -> dict[str, str]:
    webhook_id, timestamp, _ = (part.decode("latin-1") for part in parts)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature,
    }


def is_believed(
    headers: dict[str, str], body: bytes = BODY, source: Source = LAB, now: datetime = NOW
) -> bool:
    try:
        return isinstance(verify(source, headers, body, now), VerifiedDelivery)
    except Unverified:
        return False


def refusal(
    headers: dict[str, str], body: bytes = BODY, source: Source = LAB, now: datetime = NOW
) -> str:
    with pytest.raises(Unverified) as refused:
        verify(source, headers, body, now)
    return str(refused.value)
