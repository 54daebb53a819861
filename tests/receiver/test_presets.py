"""Webhooks of known senders, with bodies and headers as each documents them, posted as they are."""

import hmac
import json
import time
import uuid
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import svix
from standardwebhooks import Webhook

from tests.harness.service import Service
from tests.receiver.examples import Fresh

SECRET = "whsec_a secret that the sender made"
Sent = tuple[bytes, dict[str, str]]


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def mac(signed: bytes) -> bytes:
    return hmac.digest(SECRET.encode(), signed, "sha256")


def github(unique: str) -> Sent:
    body = encoded(
        {"zen": "Keep it logically awesome.", "hook_id": 1, "hook": {"type": "Repository"}}
    )
    headers = {
        "X-GitHub-Delivery": unique,
        "X-GitHub-Event": "ping",
        "X-GitHub-Hook-ID": "292430182",
        "X-Hub-Signature-256": f"sha256={mac(body).hex()}",
        "User-Agent": "GitHub-Hookshot/044aadd",
    }
    return body, headers


def shopify(unique: str) -> Sent:
    body = encoded({"id": 820982911946154508, "email": "jon@example.com", "currency": "USD"})
    headers = {
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Hmac-SHA256": b64encode(mac(body)).decode(),
        "X-Shopify-Shop-Domain": "shop.example.com",
        "X-Shopify-Webhook-Id": unique,
        "X-Shopify-Event-Id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
        "X-Shopify-Triggered-At": "2023-03-29T18:00:27.877041743Z",
        "X-Shopify-API-Version": "2026-01",
    }
    return body, headers


def stripe(unique: str) -> Sent:
    event = {
        "id": unique,
        "object": "event",
        "created": 1680064028,
        "type": "setup_intent.created",
        "data": {"object": {"id": "seti_1", "object": "setup_intent"}},
        "livemode": False,
    }
    body, now = encoded(event), str(int(time.time()))
    signature = mac(now.encode() + b"." + body).hex()
    return body, {"Stripe-Signature": f"t={now},v1={signature},v0={'6' * 64}"}


def slack(unique: str) -> Sent:
    event = {"type": "reaction_added", "user": "U123", "event_ts": "1360782804.083113"}
    outer = {"type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event": event}
    body = encoded({**outer, "event_id": unique, "event_time": 1360782804, "token": "one"})
    return body, signed_by_slack(body)


def signed_by_slack(body: bytes) -> dict[str, str]:
    now = str(int(time.time()))
    signature = mac(b"v0:" + now.encode() + b":" + body).hex()
    return {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": f"v0={signature}"}


SENDERS: dict[str, tuple[Callable[[str], Sent], str, str | None, Callable[[Any], Any]]] = {
    "github": (github, "ping", None, lambda body: body),
    "shopify": (shopify, "orders/create", "2023-03-29 18:00:27", lambda body: body),
    "stripe": (stripe, "setup_intent.created", "2023-03-29 04:27:08", lambda body: body["data"]),
    "slack": (slack, "reaction_added", "2013-02-13 19:13:24", lambda body: body["event"]),
}


@pytest.fixture
def preset(request: pytest.FixtureRequest, service: Service, name: str) -> str:
    """Give a source of a preset, with the secret that its sender made; return its name."""
    service.here("sources", "add", name, "--preset", request.param, "--secret", SECRET)
    return name


def post(service: Service, source: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    with_type = {"Content-Type": "application/json", **headers}
    return service.anonymous("POST", f"/webhooks/{source}", content=body, headers=with_type)


def listed(service: Service, source: str) -> Any:
    return service.get(f"/api/v1/events/?source={source}").json()


@pytest.mark.parametrize(
    ("preset", "sender"), [(name, name) for name in SENDERS], indirect=["preset"]
)
def test_what_it_sends_is_recorded_as_it_says(service: Service, preset: str, sender: str) -> None:
    make, event_type, created_at, data = SENDERS[sender]
    unique = str(uuid.uuid4())
    body, headers = make(unique)

    recorded = post(service, preset, body, headers)

    assert (recorded.status_code, recorded.json()["id"]) == (202, unique)
    [event] = listed(service, preset)
    assert (event["id"], event["type"]) == (unique, event_type)
    assert event["data"] == data(json.loads(body))
    assert created_at is None or event["created_at"] == created_at


@pytest.mark.parametrize(
    ("preset", "sender"), [(name, name) for name in SENDERS], indirect=["preset"]
)
def test_sent_again_it_is_a_duplicate(service: Service, preset: str, sender: str) -> None:
    unique = str(uuid.uuid4())
    first = post(service, preset, *SENDERS[sender][0](unique)).json()
    again = post(service, preset, *SENDERS[sender][0](unique))
    assert (again.status_code, again.json()) == (200, {**first, "status": "duplicate"})


@pytest.mark.parametrize("preset", ["github"], indirect=True)
def test_the_same_id_with_another_type_is_a_conflict(service: Service, preset: str) -> None:
    body, headers = github("one")
    post(service, preset, body, headers)
    other = post(service, preset, body, headers | {"X-GitHub-Event": "push"})
    assert other.status_code == 409
    assert other.json()["id"] == "one"


@pytest.mark.parametrize("preset", ["github"], indirect=True)
@pytest.mark.parametrize(
    ("lacking", "place"),
    [
        ("X-GitHub-Delivery", "header:x-github-delivery"),
        ("X-GitHub-Event", "header:x-github-event"),
    ],
)
def test_the_place_that_was_looked_at_is_named(
    service: Service, preset: str, lacking: str, place: str
) -> None:
    body, headers = github("one")
    del headers[lacking]
    refused = post(service, preset, body, headers)
    assert refused.status_code == 422
    assert refused.json()["errors"] == {place: ["Missing data for required field."]}
    held = service.here("quarantine", "show", str(refused.json()["quarantine"])).stdout
    assert place in held


@pytest.mark.parametrize("preset", ["github"], indirect=True)
def test_what_was_held_is_released_by_the_mapping_of_now(service: Service, preset: str) -> None:
    body, headers = github("one")
    del headers["X-GitHub-Event"]
    held = post(service, preset, body, headers).json()["quarantine"]
    service.here("sources", "set", preset, "--type-from", "body:/hook/type")
    service.here("quarantine", "release", str(held))
    [event] = listed(service, preset)
    assert (event["id"], event["type"]) == ("one", "Repository")


@pytest.mark.parametrize("preset", ["slack"], indirect=True)
def test_slacks_verification_of_the_address_is_answered(service: Service, preset: str) -> None:
    body = encoded({"token": "one", "challenge": "3eZbrw1a", "type": "url_verification"})
    answer = post(service, preset, body, signed_by_slack(body))
    assert (answer.status_code, answer.text) == (200, "3eZbrw1a")
    assert post(service, preset, body, {}).status_code == 401
    assert listed(service, preset) == []


@pytest.mark.parametrize("official", [Webhook, svix.Webhook])
def test_the_payload_that_standard_webhooks_recommend_is_taken(
    service: Service, name: str, official: Any, fresh: Fresh
) -> None:
    secret = service.here("sources", "add", name, "--preset", "standard-webhooks").stdout.split()[
        -1
    ]
    data = {"kit": {"barcode": f"SW{fresh()}", "status": "KIT_SHIPPED"}}
    payload = {"type": "kit.created", "timestamp": "2022-11-03T20:26:10.344522Z", "data": data}
    body, now, unique = json.dumps(payload), datetime.now(UTC), f"msg_{fresh()}"
    prefix = "svix" if official is svix.Webhook else "webhook"
    headers = {
        f"{prefix}-id": unique,
        f"{prefix}-timestamp": str(int(now.timestamp())),
        f"{prefix}-signature": official(secret).sign(unique, now, body),
    }

    assert post(service, name, body.encode(), headers).json()["id"] == unique
    [event] = listed(service, name)
    assert event == {
        "id": unique,
        "created_at": "2022-11-03 20:26:10",
        "type": "kit.created",
        "data": data,
    }
    kit = service.get(f"/api/v1/kits/{data['kit']['barcode']}/").json()
    assert kit["status"] == "KIT_SHIPPED"


@pytest.mark.parametrize("preset", ["stripe"], indirect=True)
def test_an_auditor_sees_what_was_signed(service: Service, preset: str) -> None:
    body, headers = stripe("evt_1")
    position = post(service, preset, body, headers).json()["position"]
    seen = service.get(f"/api/v1/audit/deliveries/{position}/").json()
    assert seen["headers"] == headers
    assert seen["event_id"] == "evt_1"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_address_of_a_source_says_that_webhooks_are_posted_there(
    service: Service, method: str
) -> None:
    assert service.anonymous(method, "/webhooks/lab").status_code == 200
    assert service.anonymous(method, "/webhooks/nobody").status_code == 404
