"""What the official library signs is believed here, and what it believes; but not what it lets pass."""

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import standardwebhooks
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from freezegun import freeze_time
from hypothesis import example, given
from hypothesis import strategies as st

from registry.source import Source
from tests.receiver.signing import (
    BODY,
    GITHUB,
    HEADERS,
    ID,
    LAB,
    NOW,
    PUBLIC_KEY,
    PUBLIC_SIGNATURE,
    SECRET,
    SIGNATURE,
    TIMESTAMP,
    WRONG_SIGNATURE,
    assembled,
    is_believed,
    public_key,
    signed,
    signed_by,
    with_keys,
    with_signature,
)

BYTES = st.binary(max_size=200)
IDS = st.text(st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\x7f"), min_size=1)
CARRIED_IDS = IDS.filter(lambda text: len(text.encode()) <= 256)
KEYS = st.binary(min_size=16, max_size=64)
SECONDS = st.integers(0, int(datetime(9999, 1, 1, tzinfo=UTC).timestamp()))
ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def oracle(key: bytes) -> standardwebhooks.Webhook:
    return standardwebhooks.Webhook("whsec_" + base64.b64encode(key).decode())


def oracle_accepts(key: bytes, headers: dict[str, str], body: str) -> bool:
    try:
        oracle(key).verify(body, headers, json_parse=False)
    except (standardwebhooks.WebhookVerificationError, ValueError):
        return False
    return True


@given(KEYS, CARRIED_IDS, SECONDS, st.text())
def test_what_the_official_library_signs_is_believed(
    key: bytes, webhook_id: str, seconds: int, body: str
) -> None:
    sent = datetime.fromtimestamp(seconds, UTC)
    headers = {
        "webhook-id": webhook_id.encode().decode("latin-1"),
        "webhook-timestamp": str(seconds),
        "webhook-signature": oracle(key).sign(webhook_id, sent, body),
    }
    source = with_keys("whsec_" + base64.b64encode(key).decode())
    assert is_believed(headers, body.encode(), source, now=sent)


@given(st.data(), KEYS, BYTES)
def test_a_single_changed_byte_of_what_was_signed_is_noticed(
    data: st.DataObject, key: bytes, body: bytes
) -> None:
    parts = [ID.encode(), TIMESTAMP.encode(), body]
    signatures = {
        "whsec_" + base64.b64encode(key).decode(): signed(key, b".".join(parts)),
        public_key(ED25519): signed_by(ED25519, b".".join(parts)),
    }
    which = data.draw(st.sampled_from([n for n, part in enumerate(parts) if part]))
    at = data.draw(st.integers(0, len(parts[which]) - 1))
    change = data.draw(st.integers(1, 255))
    altered = bytearray(parts[which])
    altered[at] ^= change
    changed = [*parts[:which], bytes(altered), *parts[which + 1 :]]
    for secret, signature in signatures.items():
        source = replace(with_keys(secret), tolerance=10**12)
        assert is_believed(assembled(parts, signature), body, source)
        assert not is_believed(assembled(changed, signature), changed[2], source)


@given(BYTES, st.integers(0, 10**12 - 1))
def test_what_a_private_key_signs_its_public_key_believes(body: bytes, seconds: int) -> None:
    parts = [b"msg", str(seconds).encode(), body]
    headers = assembled(parts, signed_by(ED25519, b".".join(parts)))
    source = replace(with_keys(public_key(ED25519)), tolerance=10**12)
    assert is_believed(headers, body, source)


ANY_TEXT = st.text(st.characters(exclude_categories=()))
ANY_HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "webhook-id": ANY_TEXT | st.just(ID),
        "webhook-timestamp": ANY_TEXT | st.just(TIMESTAMP) | st.from_regex(r"\A[0-9]{1,400}\Z"),
        "webhook-signature": ANY_TEXT
        | st.just(SIGNATURE)
        | st.lists(ANY_TEXT | st.just("v1,") | st.just(PUBLIC_SIGNATURE)).map(" ".join),
        "svix-id": ANY_TEXT,
        "svix-timestamp": ANY_TEXT | st.just(TIMESTAMP),
        "svix-signature": ANY_TEXT | st.just(WRONG_SIGNATURE),
        "X-Hub-Signature-256": ANY_TEXT
        | ANY_TEXT.map("sha256={}".format)
        | st.from_regex(r"\Asha256=[0-9a-fA-F]{63,65}\Z"),
    },
)


@given(ANY_HEADERS, BYTES | st.just(BODY), st.sampled_from([LAB, GITHUB, with_keys(PUBLIC_KEY)]))
@example(HEADERS, BODY, LAB)
def test_any_text_in_the_headers_is_either_believed_or_refused(
    headers: dict[str, str], body: bytes, source: Source
) -> None:
    if is_believed(headers, body, source):
        genuine = {"webhook-id": ID, "webhook-timestamp": TIMESTAMP}
        assert (headers | genuine, body) == (headers, BODY)


ITEMS = st.sampled_from([SIGNATURE, WRONG_SIGNATURE, PUBLIC_SIGNATURE, "v2,c2ln", "v1,", ","])
ODD_ITEMS = ITEMS | st.text("v1a,= +/Aé%", max_size=6)
NEARBY = st.integers(-400, 400).map(lambda seconds: str(int(TIMESTAMP) + seconds))
ARRIVED_IDS = IDS.map(lambda text: text.encode().decode("latin-1"))


@freeze_time(NOW)
@given(st.just(ID) | ARRIVED_IDS, st.just(TIMESTAMP) | NEARBY, st.lists(ODD_ITEMS, max_size=10))
@example(ID, TIMESTAMP, ["v2,c2ln", WRONG_SIGNATURE, SIGNATURE])
def test_what_the_official_library_believes_is_believed(
    webhook_id: str, timestamp: str, items: list[str]
) -> None:
    headers = with_signature(*items) | {"webhook-id": webhook_id, "webhook-timestamp": timestamp}
    if oracle_accepts(base64.b64decode(SECRET[6:]), headers, BODY.decode()):
        assert is_believed(headers)


@freeze_time(NOW)
@given(NEARBY, st.lists(ITEMS, max_size=10))
def test_on_well_formed_headers_the_official_library_agrees(
    timestamp: str, items: list[str]
) -> None:
    key = base64.b64decode(SECRET[6:])
    right = signed(key, f"{ID}.{timestamp}.".encode() + BODY)
    items = [right if item == SIGNATURE else item for item in items]
    headers = {**with_signature(*items), "webhook-timestamp": timestamp}
    assert is_believed(headers) == oracle_accepts(key, headers, BODY.decode())


@freeze_time(NOW)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-timestamp", "1_614_265_330"),
        ("webhook-timestamp", " 1614265330"),
        ("webhook-timestamp", "+1614265330"),
        ("webhook-timestamp", "1614265330.9"),
        ("webhook-timestamp", "1.61426533e9"),
        ("webhook-timestamp", "01614265330"),
        ("webhook-signature", "v1,!" + SIGNATURE[3:]),
        ("webhook-signature", SIGNATURE + "===="),
    ],
)
def test_what_the_official_library_lets_pass_is_refused_here(name: str, value: str) -> None:
    headers = {**HEADERS, name: value}
    assert oracle_accepts(base64.b64decode(SECRET[6:]), headers, BODY.decode())
    assert not is_believed(headers)
