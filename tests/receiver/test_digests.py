"""hmac-sha256: a digest of the body in one header, as of GitHub, Shopify and their like."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.receipt import VerifiedDelivery
from receiver.signatures import verify
from registry.keys import Key
from tests.receiver.signing import (
    BODY,
    GITHUB,
    GITHUB_BODY,
    GITHUB_DIGEST,
    NOW,
    SHOPIFY,
    SHOPIFY_HEADER,
    is_believed,
    refusal,
)


@pytest.mark.parametrize(
    "value",
    [
        f"sha256={GITHUB_DIGEST}",
        f"sha256={GITHUB_DIGEST.upper()}",
        GITHUB_DIGEST,
        "sha256=" + base64.b64encode(bytes.fromhex(GITHUB_DIGEST)).decode(),
        f"SHA256={GITHUB_DIGEST}",
        f"sha256= {GITHUB_DIGEST}",
        f" Sha256=\t{GITHUB_DIGEST} ",
        f"sha256={GITHUB_DIGEST},sha256={'0' * 64}",
        f"sha256={'0' * 64}, sha256={GITHUB_DIGEST}",
        f"sha1={'0' * 40},, SHA256 = x, sha256={GITHUB_DIGEST}",
        f"{'0' * 64} {GITHUB_DIGEST}",
    ],
)
def test_github_s_own_example_is_believed_in_each_notation(value: str) -> None:
    delivery = verify(GITHUB, {"X-Hub-Signature-256": value}, GITHUB_BODY, NOW)
    assert delivery == VerifiedDelivery("github", "g1", NOW, "", "", value, GITHUB_BODY)


def test_shopify_sends_base64_in_a_header_of_its_own() -> None:
    digest = hmac.new(b"hush", BODY, hashlib.sha256).digest()
    headers = {SHOPIFY_HEADER: base64.b64encode(digest).decode()}
    assert verify(SHOPIFY, headers, BODY, NOW).key_id == "s1"
    assert refusal(headers, b"other", SHOPIFY) == "no live key of the source made this signature"


@pytest.mark.parametrize("prefix", ["", "HMAC ", "t=1,v1=", "sig:", "a", "[("])
@pytest.mark.parametrize("spell", ["{}{}", "{}{}, {}{}", " {} {}"])
def test_a_prefix_may_be_of_any_kind(prefix: str, spell: str) -> None:
    headers = {"X-Hub-Signature-256": spell.format(*[prefix.upper(), GITHUB_DIGEST] * 2)}
    assert is_believed(headers, GITHUB_BODY, replace(GITHUB, prefix=prefix))


def test_only_some_digests_of_a_long_list_are_compared() -> None:
    others = ["0" * 64] * 16
    first, last = ([GITHUB_DIGEST, *others], [*others, GITHUB_DIGEST])
    assert is_believed({"X-Hub-Signature-256": ",".join(first)}, GITHUB_BODY, GITHUB)
    assert not is_believed({"X-Hub-Signature-256": ",".join(last)}, GITHUB_BODY, GITHUB)


def test_a_digest_in_another_header_does_not_count() -> None:
    headers = {"X-Hub-Signature": f"sha256={GITHUB_DIGEST}"}
    assert refusal(headers, GITHUB_BODY, GITHUB) == "X-Hub-Signature-256 is missing"


def test_a_plain_text_secret_is_taken_as_utf_8_and_may_rotate() -> None:
    keys = (Key("old", "Schlüssel"), Key("new", "ключ"))
    digest = hmac.new("ключ".encode(), BODY, hashlib.sha256).hexdigest()
    delivery = verify(replace(GITHUB, keys=keys), {"X-Hub-Signature-256": digest}, BODY, NOW)
    assert delivery.key_id == "new"


def test_a_digest_says_nothing_of_time_so_any_time_will_do() -> None:
    headers = {"X-Hub-Signature-256": GITHUB_DIGEST}
    assert is_believed(headers, GITHUB_BODY, GITHUB, now=NOW + timedelta(days=4000))


@pytest.mark.parametrize(
    "value",
    [
        "sha256=",
        "sha1=" + GITHUB_DIGEST,
        GITHUB_DIGEST[:-1],
        GITHUB_DIGEST + "00",
        GITHUB_DIGEST[:-2] + " 7",
        "g" * 64,
        f"sha1={GITHUB_DIGEST},md5={GITHUB_DIGEST}",
        ",",
        "é" * 43 + "=",
        "a" * 9000,
    ],
)
def test_what_is_no_digest_is_refused(value: str) -> None:
    reason = refusal({"X-Hub-Signature-256": value}, GITHUB_BODY, GITHUB)
    assert reason == "X-Hub-Signature-256 is neither a hex nor a base64 SHA-256 digest"


@pytest.mark.parametrize("value", ["１" * 64, "\ud800" * 64])  # noqa: RUF001 - digits, but not ours
def test_what_no_header_can_carry_is_refused(value: str) -> None:
    reason = refusal({"X-Hub-Signature-256": value}, GITHUB_BODY, GITHUB)
    assert reason == "X-Hub-Signature-256 is not text that a header can carry"


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_single_changed_byte_of_the_body_is_noticed_in_a_digest(
    body: bytes, data: st.DataObject
) -> None:
    headers = {"X-Hub-Signature-256": hmac.new(b"hush", body, hashlib.sha256).hexdigest()}
    source = replace(GITHUB, keys=(Key("k", "hush"),))
    at = data.draw(st.integers(0, len(body) - 1))
    changed = bytearray(body)
    changed[at] ^= data.draw(st.integers(1, 255))
    assert is_believed(headers, body, source)
    assert not is_believed(headers, bytes(changed), source)
