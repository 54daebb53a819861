"""Secrets that are made, and those that senders bring."""

import base64

import pytest

from registry.keys import HMAC_SHA256, STANDARD_WEBHOOKS, check_secret, new_secret
from tests.receiver.signing import (
    ANOTHER_SECRET,
    BODY,
    ID,
    PUBLIC_KEY,
    SECRET,
    TIMESTAMP,
    is_believed,
    signed,
    with_keys,
    with_signature,
)


@pytest.mark.parametrize(
    ("scheme", "secret"),
    [
        (STANDARD_WEBHOOKS, SECRET),
        (STANDARD_WEBHOOKS, PUBLIC_KEY),
        (STANDARD_WEBHOOKS, "whsec_" + base64.b64encode(bytes(16)).decode()),
        (STANDARD_WEBHOOKS, "whsec_" + base64.b64encode(bytes(75)).decode()),
        (HMAC_SHA256, "sixteen letters."),
        (HMAC_SHA256, "It's a Secret to Everybody"),
    ],
)
def test_a_usable_secret_passes(scheme: str, secret: str) -> None:
    check_secret(scheme, secret)


def test_a_secret_without_its_padding_is_the_same_secret() -> None:
    padded = ANOTHER_SECRET
    assert padded.endswith("=")
    signature = signed(base64.b64decode(padded[6:]), f"{ID}.{TIMESTAMP}.".encode() + BODY)
    assert is_believed(with_signature(signature), source=with_keys(padded.rstrip("=")))


@pytest.mark.parametrize(
    ("scheme", "secret", "message"),
    [
        (STANDARD_WEBHOOKS, "", "neither whsec_ nor whpk_"),
        (STANDARD_WEBHOOKS, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "neither whsec_ nor whpk_"),
        (STANDARD_WEBHOOKS, "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "neither whsec_ nor whpk_"),
        (STANDARD_WEBHOOKS, "whsec_", "empty"),
        (STANDARD_WEBHOOKS, "whsec", "empty"),
        (STANDARD_WEBHOOKS, "whsec_" + "A" * 20, "has 15 bytes and needs 16"),
        (STANDARD_WEBHOOKS, SECRET + "!", "not base64"),
        (STANDARD_WEBHOOKS, SECRET + "\n", "not base64"),
        (STANDARD_WEBHOOKS, "whsec_" + "A" * 21, "not base64"),
        (STANDARD_WEBHOOKS, "whsec_" + "_-" * 16, "not base64"),
        (STANDARD_WEBHOOKS, "whsec_" + "é" * 32, "not base64"),
        (STANDARD_WEBHOOKS, "whpk_" + "A" * 40, "32 bytes"),
        (STANDARD_WEBHOOKS, "whpk_" + "A" * 44, "32 bytes"),
        (STANDARD_WEBHOOKS, "whpk_%%%%", "not base64"),
        (HMAC_SHA256, "fifteen letters", "has 15 bytes and needs 16"),
        (HMAC_SHA256, "", "blank"),
        (HMAC_SHA256, "  ", "blank"),
        (HMAC_SHA256, "secret\n", "unprintable"),
        (HMAC_SHA256, "secret\udcff", "unprintable"),
    ],
)
def test_an_unusable_secret_is_refused_in_one_line_that_does_not_quote_it(
    scheme: str, secret: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        check_secret(scheme, secret)
    line = str(refused.value)
    assert len(line.splitlines()) == 1
    assert not secret[6:].strip() or secret[6:] not in line


@pytest.mark.parametrize(
    ("scheme", "secret"), [(STANDARD_WEBHOOKS, "whsec_" + "A" * 20), (HMAC_SHA256, "x")]
)
def test_a_short_secret_passes_if_that_is_allowed(scheme: str, secret: str) -> None:
    check_secret(scheme, secret, allow_short=True)


@pytest.mark.parametrize(
    ("scheme", "secret"), [(STANDARD_WEBHOOKS, "whsec_"), (HMAC_SHA256, ""), (HMAC_SHA256, " ")]
)
def test_a_secret_of_nothing_is_never_allowed(scheme: str, secret: str) -> None:
    with pytest.raises(ValueError, match=r"empty|blank"):
        check_secret(scheme, secret, allow_short=True)


@pytest.mark.parametrize("scheme", [STANDARD_WEBHOOKS, HMAC_SHA256])
def test_new_secrets_differ_and_pass_the_check(scheme: str) -> None:
    one, other = new_secret(scheme), new_secret(scheme)
    assert one != other
    check_secret(scheme, one)


def test_new_secrets_hold_32_bytes() -> None:
    assert len(base64.b64decode(new_secret(STANDARD_WEBHOOKS).removeprefix("whsec_"))) == 32
    assert len(bytes.fromhex(new_secret(HMAC_SHA256))) == 32
