"""Who signs is believed; whoever does not is answered 401, whatever the headers hold."""

import base64
import hashlib
import hmac
import json
import re
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.harness.service import Service, sign
from tests.receiver.examples import Fresh, held, note, position, problem

pytestmark = pytest.mark.one_store

BODY = b'{"id": 1, "type": "note.added", "data": {}}'
NOBODY_S = "whsec_" + base64.b64encode(bytes(32)).decode()
WRONG = sign(NOBODY_S, "msg", datetime(2026, 1, 5, 12, tzinfo=UTC), BODY)

HOSTILE: list[dict[str, Any]] = [
    {"webhook_id": None},
    {"webhook_timestamp": None},
    {"webhook_signature": None},
    {"webhook_id": "", "webhook_timestamp": "", "webhook_signature": ""},
    {"webhook_id": "another"},
    {"webhook_id": b"\xe9\xff"},
    {"webhook_id": "x" * 5000},
    *({"webhook_timestamp": text} for text in ("1_7e9", "1.7e9", "-1", "+1", "NaN", "0x7f", "٣")),
    *({"webhook_timestamp": text} for text in ("9" * 400, "9" * 5000, "0", "253402300800", ",")),
    {"webhook_signature": WRONG},
    {"webhook_signature": WRONG.removeprefix("v1,")},
    {"webhook_signature": WRONG.replace("v1,", "v2,")},
    {"webhook_signature": WRONG.replace("v1,", "v1a,")},
    *({"webhook_signature": text} for text in ("v1", "v1,", "v1,,", "v1,!!!", "v1,a", ",", ",,")),
    {"webhook_signature": " ".join([WRONG] * 150)},
    {"webhook_signature": b"v1,\xe9\xff\xfe"},
    {"webhook_signature": "v1,é".encode()},
]


def as_bytes(headers: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.encode() if isinstance(value, str) else value for name, value in headers.items()
    }


@pytest.mark.parametrize("headers", HOSTILE, ids=lambda headers: str(headers)[:60])
def test_hostile_headers_are_refused_and_nothing_is_kept(
    service: Service, headers: dict[str, Any]
) -> None:
    before = position(service)

    answer = service.post_webhook(BODY, **as_bytes(headers))

    problem(answer, 401)
    assert answer.headers["www-authenticate"]
    assert position(service) == before


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_comes_twice_is_refused(service: Service, name: str) -> None:
    signed = service.signed(BODY)
    twice = [*signed.items(), (name, signed[name])]

    problem(service.anonymous("POST", "/webhooks/lab", content=BODY, headers=twice), 401)


@pytest.mark.parametrize(
    "line",
    [
        b"webhook-signature: v1,\x00",
        b"webhook-signature : v1,AAAA",
        b"webhook-signature: v1,AAAA\r\n folded",
        b"webhook-signature: v1," + b"A" * 9_000,
        b"webhook-id\x00: 1",
        b"\xff\xfe: 1",
        b"no colon at all",
    ],
    ids=lambda line: str(line)[:40],
)
def test_what_is_no_header_at_all_is_refused_too(service: Service, line: bytes) -> None:
    head = b"POST /webhooks/lab HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(head % len(BODY) + line + b"\r\n\r\n" + BODY)
        status = connection.recv(1000).split(b"\r\n")[0]

    assert re.match(rb"HTTP/1.1 (400|401|431) ", status)


@pytest.mark.parametrize(
    ("minutes", "status"), [(-6, 401), (-4, 202), (4, 202), (6, 401), (-60 * 24 * 400, 401)]
)
def test_a_timestamp_may_be_five_minutes_off_either_way(
    service: Service, fresh: Fresh, minutes: int, status: int
) -> None:
    body = json.dumps(note(fresh())).encode()
    signed = service.signed(body, at=datetime.now(UTC) + timedelta(minutes=minutes))

    answer = service.anonymous("POST", "/webhooks/lab", content=body, headers=signed)

    assert answer.status_code == status


def test_a_source_may_have_a_tolerance_of_its_own(service: Service, fresh: Fresh) -> None:
    service.add_source("slow-lab", "--tolerance", "7200")
    body = json.dumps(note(fresh())).encode()
    signed = service.signed(body, "slow-lab", datetime.now(UTC) - timedelta(hours=1))

    answer = service.anonymous("POST", "/webhooks/slow-lab", content=body, headers=signed)

    assert answer.status_code == 202


def test_a_body_changed_on_the_way_is_refused(service: Service, fresh: Fresh) -> None:
    body = json.dumps(note(fresh())).encode()
    signed = service.signed(body)

    answer = service.anonymous("POST", "/webhooks/lab", content=body + b" ", headers=signed)

    assert "signature" in problem(answer, 401)["detail"]


def test_a_refused_webhook_leaves_a_count_and_a_line_in_the_log(service: Service) -> None:
    def refusals() -> float:
        wanted = 'kitledger_webhooks_total{outcome="wrong-key",source="lab"} '
        lines = service.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(wanted))

    before = refusals()

    answer = service.post_webhook(BODY, webhook_signature=WRONG, x_request_id="look-for-me")

    assert refusals() == before + 1
    logged = [line for line in service.log_lines() if line.get("request_id") == "look-for-me"]
    assert logged[0]["reason"] == problem(answer, 401)["detail"]
    assert "note.added" not in service.log()
    assert WRONG not in service.log()


def test_the_svix_names_of_the_headers_will_do(service: Service, fresh: Fresh) -> None:
    body = json.dumps(note(fresh())).encode()
    signed = service.signed(body)
    renamed = {name.replace("webhook-", "svix-"): value for name, value in signed.items()}

    answer = service.anonymous("POST", "/webhooks/lab", content=body, headers=renamed)

    assert answer.status_code == 202


def test_an_old_key_and_a_new_one_both_verify_until_the_old_one_is_expired(
    service: Service, fresh: Fresh
) -> None:
    old = service.add_source("rotating-lab")
    new = service.here("sources", "rotate", "rotating-lab").stdout.split()[-1]
    listed = json.loads(service.here("sources", "list", "--json").stdout)
    (keys,) = (each["keys"] for each in listed if each["name"] == "rotating-lab")

    def statuses() -> list[int]:
        found = []
        for secret in (old, new):
            service.secrets["rotating-lab"] = secret
            found.append(service.post_webhook(note(fresh()), source="rotating-lab").status_code)
        return found

    assert statuses() == [202, 202]
    service.here("sources", "expire", "rotating-lab", keys[0]["id"])
    assert statuses() == [401, 202]


def test_a_source_may_sign_with_a_private_key(service: Service, fresh: Fresh) -> None:
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    service.add_source("ed25519-lab", "--secret", f"whpk_{public}")
    body = json.dumps(note(fresh())).encode()
    timestamp = str(int(datetime.now(UTC).timestamp()))
    signature = base64.b64encode(private.sign(f"msg.{timestamp}.".encode() + body)).decode()
    headers = {"webhook-id": "msg", "webhook-timestamp": timestamp}
    headers["webhook-signature"] = f"{WRONG} v1a,{signature}"

    answer = service.anonymous("POST", "/webhooks/ed25519-lab", content=body, headers=headers)

    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("options", "header", "spell"),
    [
        ((), "X-Hub-Signature-256", "sha256={hex}"),
        (
            ("--header", "X-Shopify-Hmac-Sha256", "--prefix", ""),
            "X-Shopify-Hmac-Sha256",
            "{base64}",
        ),
    ],
    ids=["GitHub's way", "Shopify's way"],
)
def test_a_source_may_sign_with_a_plain_digest(
    service: Service, fresh: Fresh, options: tuple[str, ...], header: str, spell: str
) -> None:
    name = f"plain-{header.lower()}"
    secret = service.add_source(name, "--scheme", "hmac-sha256", *options)
    body = json.dumps(note(fresh())).encode()

    def post(key: str) -> Any:
        digest = hmac.new(key.encode(), body, hashlib.sha256)
        spelled = {"hex": digest.hexdigest(), "base64": base64.b64encode(digest.digest()).decode()}
        value = spell.format(**spelled)
        return service.anonymous("POST", f"/webhooks/{name}", content=body, headers={header: value})

    problem(post("another secret"), 401)
    assert post(secret).status_code == 202


def test_what_is_held_names_the_key_that_verified_it(service: Service) -> None:
    listed = json.loads(service.here("sources", "list", "--json").stdout)
    (lab,) = (each for each in listed if each["name"] == "lab")

    refusal = problem(service.post_webhook(b"not json, but signed"), 400)

    assert held(service, refusal)["key_id"] == lab["keys"][0]["id"]
