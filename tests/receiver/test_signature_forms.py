"""Signatures as their senders document them, described by data; and what is no description of one."""

import hmac
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.signatures import Unverified, claims, verify
from registry.keys import Key, SourceError
from registry.presets import PRESETS
from registry.source import Source
from registry.source_settings import completed
from tests.receiver.signing import NOW, refusal

BODY = b'{"type": "ping"}'
SECRET = "whsec_a secret that the sender made"
TIME = str(int(NOW.timestamp()))
pytestmark = pytest.mark.one_store


def source(*secrets: str, **given_settings: Any) -> Source:
    """Make a source as the registry loads it."""
    settings = completed(given_settings)
    own = {name: settings.pop(name) for name in ("scheme", "tolerance", "header", "prefix")}
    parts = {name: value for name, value in settings.items() if value is not None}
    keys = tuple(Key(f"k{n}", secret) for n, secret in enumerate(secrets or (SECRET,)))
    return Source("lab", keys=keys, parts=parts, **own)


def digest(signed: bytes, secret: str = SECRET, name: str = "sha256") -> str:
    return hmac.new(secret.encode(), signed, name).hexdigest()


def in_base64(signed: bytes, name: str = "sha256") -> str:
    return b64encode(hmac.new(SECRET.encode(), signed, name).digest()).decode()


STRIPE = digest(TIME.encode() + b"." + BODY)
SLACK = digest(b"v0:" + TIME.encode() + b":" + BODY)
SENT: dict[str, dict[str, str]] = {
    "github": {"X-Hub-Signature-256": f"sha256={digest(BODY)}"},
    "shopify": {"X-Shopify-Hmac-SHA256": in_base64(BODY)},
    "stripe": {"Stripe-Signature": f"t={TIME},v1={STRIPE},v0={'0' * 64}"},
    "slack": {"X-Slack-Signature": f"v0={SLACK}", "X-Slack-Request-Timestamp": TIME},
}


@pytest.mark.parametrize("preset", SENT)
def test_a_delivery_signed_as_its_sender_documents_it_is_believed(preset: str) -> None:
    assert verify(source(preset=preset), SENT[preset], BODY, NOW).key_id == "k0"


@pytest.mark.parametrize("preset", SENT)
def test_another_body_is_not(preset: str) -> None:
    reason = refusal(SENT[preset], BODY + b" ", source(preset=preset))
    assert reason == "no live key of the source made this signature"


@pytest.mark.parametrize("preset", ["stripe", "slack"])
@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_time_that_is_signed_grows_stale(preset: str, seconds: int) -> None:
    with pytest.raises(Unverified, match="more than 300 s from our clock"):
        verify(source(preset=preset), SENT[preset], BODY, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(("preset", "skew"), [("stripe", 400), ("slack", 400), ("github", None)])
def test_the_log_says_how_old_a_delivery_claims_to_be(preset: str, skew: int | None) -> None:
    later = NOW + timedelta(seconds=400)
    assert claims(source(preset=preset), SENT[preset], later)["skew_seconds"] == skew
    assert claims(source(preset=preset), {}, later)["skew_seconds"] is None


@pytest.mark.parametrize("preset", ["github", "shopify"])
def test_where_no_time_is_sent_none_is_asked_for(preset: str) -> None:
    assert verify(source(preset=preset), SENT[preset], BODY, NOW + timedelta(days=9))


def test_each_live_key_of_the_source_verifies() -> None:
    rolled = source("another secret of the sender", SECRET, preset="stripe")
    assert verify(rolled, SENT["stripe"], BODY, NOW).key_id == "k1"


def test_one_of_several_signatures_is_enough() -> None:
    header = f"t={TIME},v1={'0' * 64},v1={STRIPE}"
    assert verify(source(preset="stripe"), {"Stripe-Signature": header}, BODY, NOW)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "Stripe-Signature is missing"),
        (f"v1={STRIPE}", "Stripe-Signature holds no timestamp"),
        (f"t=now,v1={STRIPE}", "Stripe-Signature holds no timestamp"),
        (
            f"t={TIME},v0={STRIPE}",
            "Stripe-Signature holds no well-formed signature in the form t={timestamp},v1={signature}",
        ),
        (
            f"t={TIME},{STRIPE}",
            "Stripe-Signature holds no well-formed signature in the form t={timestamp},v1={signature}",
        ),
    ],
)
def test_what_a_header_lacks_is_named(header: str, reason: str) -> None:
    assert refusal({"Stripe-Signature": header}, BODY, source(preset="stripe")) == reason


@pytest.mark.parametrize("name", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64", None])
def test_any_digest_in_any_encoding(name: str, encoding: str | None) -> None:
    signed = b"v7:" + BODY + b"!"
    value = in_base64(signed, name) if encoding == "base64" else digest(signed, name=name)
    described = source(
        header="X-Sig",
        signed="v7:{body}!",
        digest=name,
        encoding=encoding,
        header_form="s={signature}",
    )
    assert described.scheme == "hmac-sha256"
    assert verify(described, {"X-Sig": f"other=1; s={value}"}, BODY, NOW)


SIGNED = "{timestamp}:{body}"
TIMED = digest(TIME.encode() + b":" + BODY)


@pytest.mark.parametrize(
    ("form", "header"),
    [
        ("ts={timestamp};h1={signature}", f"ts={TIME};h1={TIMED}"),
        ("ts={timestamp};h1={signature}", f"h1={TIMED}; ts={TIME}"),
        ("t={timestamp}, v1={signature}", f"t={TIME},v1={TIMED}"),
        ('ts="{timestamp}",sig="{signature}"', f'key="a", sig="{TIMED}", ts="{TIME}"'),
        ("HMAC-SHA256 {timestamp} {signature}", f"HMAC-SHA256 {TIME} {TIMED}"),
        ("v1={signature},t={timestamp},v=2", f"v1={TIMED},t={TIME},v=2"),
    ],
)
def test_a_form_may_separate_quote_and_name_its_items(form: str, header: str) -> None:
    described = source(header="X-Sig", header_form=form, signed=SIGNED)
    assert verify(described, {"X-Sig": header}, BODY, NOW)


@pytest.mark.parametrize("preset", SENT)
@given(text=st.text(st.characters(max_codepoint=255), max_size=300), data=st.data())
def test_no_header_raises_anything_but_its_refusal(
    preset: str, text: str, data: st.DataObject
) -> None:
    headers = SENT[preset] | {data.draw(st.sampled_from(sorted(SENT[preset]))): text}
    if headers != SENT[preset]:
        with pytest.raises(Unverified):
            verify(source(preset=preset), headers, BODY, NOW)


@pytest.mark.parametrize("filling", ["v1=", "t=1,", " ,", "v1=" + "a" * 63 + ",", "sha256= "])
@pytest.mark.parametrize("preset", SENT)
def test_a_huge_header_is_refused(preset: str, filling: str) -> None:
    header, *_ = SENT[preset]
    with pytest.raises(Unverified):
        verify(source(preset=preset), SENT[preset] | {header: filling * 30_000}, BODY, NOW)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            {"signed": "{timestamp}.{body}"},
            "neither the header's form nor a timestamp header has it",
        ),
        ({"signed": "{timestamp}"}, "what is signed has {body} once"),
        ({"signed": "{body}{body}"}, "what is signed has {body} once"),
        (
            {"signed": "{nonce}{body}"},
            "what is signed has no {nonce}: it knows body, id, timestamp",
        ),
        ({"signed": "{id}.{body}"}, "{id} is signed, but id-from names no header"),
        ({"signed": "{id}{body}", "id_from": "body:/id"}, "id-from names no header"),
        ({"signed": "{body}}"}, "a brace in what is signed belongs to no placeholder"),
        ({"signed": "é{body}"}, "printable ASCII"),
        ({"header_form": "v1="}, "the header's form has {signature} once"),
        ({"header_form": "{signature},{signature}"}, "the header's form has {signature} once"),
        ({"header_form": "{timestamp}:{signature}", "signed": SIGNED}, "parts the items"),
        ({"header_form": "t={timestamp},v1={signature}"}, "a time that is not signed proves"),
        ({"timestamp_header": "X-Time"}, "a time that is not signed proves nothing"),
        (
            {
                "timestamp_header": "X-Time",
                "header_form": "t={timestamp},v1={signature}",
                "signed": SIGNED,
            },
            "in the header's form or in a timestamp header, not in both",
        ),
        ({"digest": "md5"}, "a digest is sha256, sha1, sha512"),
        ({"encoding": "base32"}, "an encoding hex or base64"),
        ({"header": "X Sig"}, "a header's name has letters, digits and dashes"),
        ({"timestamp_header": "é"}, "a header's name has letters, digits and dashes"),
        ({"id_from": "id"}, "id-from: a location is header:NAME, body:/json/pointer"),
        ({"type_from": "body:type"}, "type-from: a location is"),
        ({"preset": "cloudevents", "id_from": "body:/id"}, "CloudEvents say where their parts are"),
        ({"preset": "github", "id_from": ""}, "the mapping lacks id-from"),
        ({"scheme": "standard-webhooks", "signed": "{body}"}, "has no signed to set"),
        ({"preset": "gitlab"}, "there is no preset gitlab"),
    ],
)
def test_settings_that_do_not_fit_are_refused_when_they_are_set(
    settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(SourceError) as refused:
        completed(settings)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_fits(preset: str) -> None:
    assert completed({"preset": preset})["preset"] == preset


def test_a_part_that_is_set_takes_the_place_of_the_presets() -> None:
    before = completed({"preset": "github"})
    after = completed({"id_from": "body:/id"}, before)
    assert {name for name in after if after[name] != before[name]} == {"id_from"}
    assert completed({"preset": "kitledger"}, after) == completed({})


def test_an_id_in_a_header_may_be_signed_too() -> None:
    described = source(header="X-Sig", id_from="header:X-Id", signed="{id}.{body}")
    headers = {"X-Sig": digest(b"7." + BODY), "x-id": "7"}

    assert verify(described, headers, BODY, NOW).webhook_id == "7"
    assert "no live key" in refusal(headers | {"x-id": "8"}, BODY, described)
    assert refusal({"X-Sig": headers["X-Sig"]}, BODY, described) == "x-id is missing"


def test_the_digest_of_githubs_documentation() -> None:
    documented = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"X-Hub-Signature-256": f"sha256={documented}"}
    github = source("It's a Secret to Everybody", preset="github")
    assert verify(github, headers, b"Hello, World!", NOW)
