"""Whatever the headers of a signature hold, they are believed or refused, and give nothing away."""

import base64

import pytest
from werkzeug.datastructures import EnvironHeaders

from receiver.signatures import sign, verify
from tests.receiver.signing import (
    BODY,
    GITHUB,
    HEADERS,
    ID,
    LAB,
    NOW,
    SECRET,
    SIGNATURE,
    TIMESTAMP,
    WRONG_SIGNATURE,
    is_believed,
    refusal,
    signed,
    with_signature,
)


@pytest.mark.parametrize("webhook_id", ["a" * 257, "a\nb", "a\x00b", "a\x7fb", "Ω", "\ud800"])
def test_an_id_that_is_too_long_or_that_no_header_can_carry_is_refused(webhook_id: str) -> None:
    content = f"{webhook_id}.{TIMESTAMP}.".encode("utf-8", "surrogatepass") + BODY
    signature = signed(base64.b64decode(SECRET[6:]), content)
    headers = {**with_signature(signature), "webhook-id": webhook_id}
    assert refusal(headers) == "webhook-id is not text of at most 256 bytes"


@pytest.mark.parametrize("webhook_id", ["a" * 256, "evt.1", "a,b", "käse", "Ω", "鍵\u0085"])
def test_an_id_is_signed_as_the_bytes_it_arrived_in(webhook_id: str) -> None:
    as_wsgi_has_it = webhook_id.encode().decode("latin-1")
    headers = with_signature(sign(SECRET, webhook_id, TIMESTAMP, BODY))
    delivery = verify(LAB, {**headers, "webhook-id": as_wsgi_has_it}, BODY, NOW)
    assert delivery.webhook_id.encode("latin-1").decode() == webhook_id


@pytest.mark.parametrize(
    "signature",
    [
        "v1",
        "v1,",
        ",,",
        "v1," + "%" * 44,
        SIGNATURE.rstrip("="),
        SIGNATURE + "=",
        "V" + SIGNATURE[1:],
        SIGNATURE.replace(",", "="),
        SIGNATURE + "," + SIGNATURE,
        SIGNATURE[3:],
        "v2," + SIGNATURE[3:],
        "v1," * 3000,
        "\xe9\xff",
    ],
)
def test_a_header_without_a_well_formed_signature_is_refused(signature: str) -> None:
    reason = refusal(with_signature(signature))
    assert reason == "webhook-signature holds no well-formed v1 or v1a signature"


@pytest.mark.parametrize("beside", ["v9,Ω", "v9,\ud800", "v9,\x00", "v9,\r\nx: y"])
def test_a_good_signature_beside_what_no_header_can_carry_is_refused(beside: str) -> None:
    reason = refusal(with_signature(SIGNATURE, beside))
    assert reason == "webhook-signature is not text that a header can carry"


def test_the_headers_of_a_real_request_are_read_in_any_case() -> None:
    environ = {
        "HTTP_WEBHOOK_ID": ID,
        "HTTP_WEBHOOK_TIMESTAMP": TIMESTAMP,
        "HTTP_WEBHOOK_SIGNATURE": SIGNATURE,
    }
    headers = EnvironHeaders(environ)
    assert verify(LAB, headers, BODY, NOW).key_id == "k1"


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_arrived_twice_is_refused(name: str) -> None:
    assert not is_believed({**HEADERS, name: f"{HEADERS[name]},{HEADERS[name]}"})


def test_a_refusal_and_a_key_in_a_log_give_nothing_away() -> None:
    hostile = [
        {**HEADERS, "webhook-id": "MARK\n"},
        {**HEADERS, "webhook-timestamp": "MARK"},
        {**HEADERS, "webhook-timestamp": "1"},
        with_signature("v1,MARK"),
        with_signature(WRONG_SIGNATURE),
        with_signature(SIGNATURE, "\x00"),
    ]
    reasons = [refusal(headers, body=b"MARK") for headers in hostile]
    reasons.append(refusal({"x-hub-signature-256": "MARK"}, source=GITHUB))
    sensitive = ("MARK", SECRET, SECRET[6:], SIGNATURE, WRONG_SIGNATURE[3:])
    assert not [(text, reason) for text in sensitive for reason in reasons if text in reason]
    assert SECRET not in repr(LAB)
