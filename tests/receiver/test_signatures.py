"""A delivery is believed when, and only when, a live key of its source signed it lately."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.receipt import VerifiedDelivery
from receiver.signatures import sign, verify
from registry.source import Source
from tests.receiver.signing import (
    ANOTHER_SECRET,
    BODY,
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
    is_believed,
    public_key,
    refusal,
    signed,
    signed_by,
    with_keys,
    with_signature,
)

# The specification's vectors


def test_the_official_hmac_vector_is_believed_and_handed_on_exactly() -> None:
    assert verify(LAB, HEADERS, BODY, NOW) == VerifiedDelivery(
        source="lab",
        key_id="k1",
        received_at=NOW,
        webhook_id=ID,
        webhook_timestamp=TIMESTAMP,
        signature=SIGNATURE,
        body=BODY,
    )


def test_the_official_ed25519_vector_is_believed() -> None:
    delivery = verify(with_keys(PUBLIC_KEY), with_signature(PUBLIC_SIGNATURE), BODY, NOW)
    assert (delivery.key_id, delivery.signature) == ("k1", PUBLIC_SIGNATURE)


def test_signing_the_official_message_gives_the_official_signature() -> None:
    assert sign(SECRET, ID, TIMESTAMP, BODY) == SIGNATURE


def test_a_public_key_can_not_sign() -> None:
    with pytest.raises(ValueError, match="whpk_ only verify"):
        sign(PUBLIC_KEY, ID, TIMESTAMP, BODY)


# Rotation: several keys in the source, several signatures in the header


@pytest.mark.parametrize(
    ("secrets", "key_id"),
    [
        ([SECRET, ANOTHER_SECRET], "k1"),
        ([ANOTHER_SECRET, SECRET], "k2"),
        ([PUBLIC_KEY, SECRET], "k2"),
        ([ANOTHER_SECRET, PUBLIC_KEY, SECRET], "k3"),
    ],
)
def test_any_live_key_will_do_and_the_delivery_names_it(secrets: list[str], key_id: str) -> None:
    assert verify(with_keys(*secrets), HEADERS, BODY, NOW).key_id == key_id


@pytest.mark.parametrize(
    "items",
    [
        [WRONG_SIGNATURE, SIGNATURE],
        [SIGNATURE, WRONG_SIGNATURE],
        ["v2," + SIGNATURE[3:], SIGNATURE],
        [PUBLIC_SIGNATURE, SIGNATURE],
        ["v1", "v1,", ",", "", "v1,AAAA", "v1,not base64", "v1,a,b", "\xe9,\xff", SIGNATURE],
        [WRONG_SIGNATURE + "," + SIGNATURE, SIGNATURE],
    ],
)
def test_one_good_signature_is_enough_whatever_stands_beside_it(items: list[str]) -> None:
    assert is_believed(with_signature(*items))


def test_a_public_key_is_found_among_signatures_of_other_keys() -> None:
    stranger = signed_by(Ed25519PrivateKey.generate(), BODY)
    headers = with_signature(SIGNATURE, stranger, PUBLIC_SIGNATURE)
    assert verify(with_keys(ANOTHER_SECRET, PUBLIC_KEY), headers, BODY, NOW).key_id == "k2"


@pytest.mark.parametrize(
    ("source", "signature"),
    [
        (with_keys(ANOTHER_SECRET), SIGNATURE),
        (with_keys(PUBLIC_KEY), SIGNATURE),
        (with_keys(SECRET), PUBLIC_SIGNATURE),
        (with_keys(public_key(Ed25519PrivateKey.generate())), PUBLIC_SIGNATURE),
        (with_keys(), SIGNATURE),
    ],
    ids=["other secret", "public key, hmac", "secret, ed25519", "other public key", "no key"],
)
def test_a_signature_of_no_live_key_is_refused(source: Source, signature: str) -> None:
    reason = refusal(with_signature(signature), source=source)
    assert reason == "no live key of the source made this signature"


def test_the_bytes_of_one_version_do_not_pass_under_the_name_of_another() -> None:
    assert not is_believed(with_signature("v1a" + SIGNATURE.removeprefix("v1")))
    disguised = with_signature("v1" + PUBLIC_SIGNATURE.removeprefix("v1a"))
    assert not is_believed(disguised, source=with_keys(PUBLIC_KEY))


def test_only_the_first_sixteen_signatures_are_tried() -> None:
    assert is_believed(with_signature(*[WRONG_SIGNATURE] * 15, SIGNATURE))
    assert not is_believed(with_signature(*[WRONG_SIGNATURE] * 16, SIGNATURE))


def test_signatures_of_unknown_versions_do_not_count_towards_the_sixteen() -> None:
    assert is_believed(with_signature(*["v9,c2ln"] * 400, SIGNATURE))


# Names of the headers


def test_svix_names_are_understood() -> None:
    headers = {"svix-id": ID, "svix-timestamp": TIMESTAMP, "svix-signature": SIGNATURE}
    assert verify(LAB, headers, BODY, NOW).webhook_id == ID


def test_a_complete_standard_set_wins_over_svix() -> None:
    svix = {"svix-id": "other", "svix-timestamp": TIMESTAMP, "svix-signature": WRONG_SIGNATURE}
    assert verify(LAB, {**svix, **HEADERS}, BODY, NOW).webhook_id == ID


def test_a_complete_svix_set_wins_over_half_a_standard_one() -> None:
    svix = {"svix-id": ID, "svix-timestamp": TIMESTAMP, "svix-signature": SIGNATURE}
    assert is_believed({**svix, "webhook-id": "other", "webhook-signature": ""})


def test_the_two_sets_are_never_mixed() -> None:
    mixed = {"svix-id": ID, "webhook-timestamp": TIMESTAMP, "webhook-signature": SIGNATURE}
    assert refusal(mixed) == "webhook-id is missing"


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("value", ["", None])
def test_an_absent_or_empty_header_is_named_in_the_refusal(name: str, value: str | None) -> None:
    rest = {other: text for other, text in HEADERS.items() if other != name}
    headers = rest if value is None else {**rest, name: value}
    assert refusal(headers) == f"{name} is missing"


# Time


@pytest.mark.parametrize("seconds", [-300, -299.999, 0, 299.999, 300])
def test_a_timestamp_within_the_tolerance_is_believed_bounds_included(seconds: float) -> None:
    assert is_believed(HEADERS, now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(300.001, "too old"), (86400, "too old"), (-300.001, "too far in the future")],
)
def test_a_timestamp_outside_the_tolerance_is_refused(seconds: float, words: str) -> None:
    reason = refusal(HEADERS, now=NOW + timedelta(seconds=seconds))
    assert reason == f"timestamp {words}: more than 300 s from our clock"


def test_each_source_has_its_own_tolerance() -> None:
    strict, patient = replace(LAB, tolerance=5), replace(LAB, tolerance=3600)
    later = NOW + timedelta(seconds=6)
    assert not is_believed(HEADERS, source=strict, now=later)
    assert is_believed(HEADERS, source=patient, now=NOW + timedelta(seconds=3600))


def test_a_forged_and_stale_delivery_is_told_of_its_age_only() -> None:
    assert "too old" in refusal(with_signature(WRONG_SIGNATURE), now=NOW + timedelta(days=1))


@pytest.mark.parametrize(
    "timestamp",
    [
        "1_614_265_330",
        " 1614265330",
        "1614265330 ",
        "+1614265330",
        "-1614265330",
        "1614265330.0",
        "1.614265330e9",
        "1_7e9",
        "0x6037bbb2",
        "１６１４２６５３３０",  # noqa: RUF001 - digits, but not ours
        "nan",
        "inf",
        "soon",
        "1614265330,1614265330",
        "1614265330\n",
        "9" * 13,
        "9" * 400,
    ],
)
def test_a_timestamp_in_any_form_but_plain_digits_is_refused(timestamp: str) -> None:
    content = b".".join([ID.encode(), timestamp.encode(), BODY])
    signature = signed(base64.b64decode(SECRET[6:]), content)
    headers = {**with_signature(signature), "webhook-timestamp": timestamp}
    expected = "webhook-timestamp is not a whole number of seconds since 1970"
    assert refusal(headers) == expected
