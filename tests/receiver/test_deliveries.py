"""Deliveries as they were received, and what became of each, for auditors."""

import base64
import hmac
import json
from typing import Any

import pytest

from tests.harness.service import Service
from tests.receiver.examples import Fresh, kit_event, note, position, problem, report_event

BYTES = {"Accept": "application/octet-stream"}


def delivery(service: Service, at: int, **options: Any) -> Any:
    answer = service.get(f"/api/v1/audit/deliveries/{at}/", **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def followed(shown: Any) -> list[str]:
    return [each["event"] for each in shown["events"]]


def release(service: Service, quarantine: int) -> None:
    service.here("quarantine", "release", str(quarantine), "--yes", "--why", "it was right")


def test_a_delivery_is_shown_byte_for_byte_with_what_was_signed(
    service: Service, fresh: Fresh
) -> None:
    number, barcode = fresh(), f"K-{fresh()}"
    body = b'{ "data": {"kit": {"barcode": "%s", "status": "A"}},' % barcode.encode()
    body += b' "type":"kit.updated", "note": "\xc3\xa9", "id": %d}\n' % number
    signed = service.signed(body)
    posted = service.post_webhook(body, **signed)

    shown = delivery(service, posted.json()["position"])

    assert shown["headers"] == signed
    assert base64.b64decode(shown["body_base64"]) == body
    assert shown["body"] == body.decode()
    assert (shown["source"], shown["event_id"]) == ("lab", number)
    assert (shown["scheme"], shown["outcome"]) == ("standard-webhooks", "recorded")
    assert shown["key_id"]
    assert shown["batch"] is None
    assert followed(shown) == ["Kit.Observed"]
    assert shown["events"][0]["subject"] == {"kind": "kit", "id": barcode}
    raw = service.get(f"/api/v1/audit/deliveries/{shown['position']}", headers=BYTES)
    assert raw.content == body
    assert raw.headers["content-type"] == "application/octet-stream"
    assert raw.headers["vary"] == "Accept"


def test_the_events_of_an_array_name_it_and_it_names_them(service: Service, fresh: Fresh) -> None:
    barcode, report = f"K-{fresh()}", fresh()
    events = [kit_event(fresh(), barcode), note(fresh()), report_event(fresh(), report), {"id": 1}]
    body = json.dumps(events).encode()
    signed = service.signed(body)
    results = service.post_webhook(body, **signed).json()["results"]
    service.post_webhook(note(fresh()))

    first = delivery(service, results[0]["position"])
    array = delivery(service, first["batch"])

    assert first["headers"] == array["headers"] == signed
    assert base64.b64decode(array["body_base64"]) == body
    assert json.loads(first["body"]) == events[0]
    assert followed(first) == ["Kit.Observed"]
    assert array["outcome"] == "array"
    recorded = "Delivery.Recorded"
    assert followed(array) == [
        recorded,
        "Kit.Observed",
        recorded,
        recorded,
        "Report.Observed",
        "Quarantine.Held",
    ]
    invalid = delivery(service, array["events"][-1]["position"])
    assert (invalid["outcome"], invalid["batch"]) == ("invalid", array["position"])


def test_what_was_held_and_released_is_followed_to_what_it_became(
    service: Service, fresh: Fresh
) -> None:
    number, wrong, right = fresh(), f"K-{fresh()}", f"K-{fresh()}"
    first = service.post_webhook(kit_event(number, wrong)).json()["position"]
    quarantine = service.post_webhook(kit_event(number, right)).json()["quarantine"]
    before = delivery(service, quarantine)
    assert (before["outcome"], followed(before)) == ("conflict", [])

    release(service, quarantine)

    held = delivery(service, quarantine)
    replaced, became = "Delivery.Replaced", ["Kit.Retracted", "Delivery.Replaced", "Kit.Observed"]
    assert followed(held) == [*became, "Quarantine.Released"]
    assert followed(delivery(service, first)) == ["Kit.Observed", replaced]
    [replacement] = [each["position"] for each in held["events"] if each["event"] == replaced]
    shown = delivery(service, replacement)
    assert (shown["outcome"], followed(shown)) == ("replaced", ["Kit.Retracted", "Kit.Observed"])
    assert shown["received_at"] == held["received_at"]
    then = delivery(service, quarantine, params={"as_of_position": quarantine})
    assert then["events"] == []


def test_what_is_no_text_has_no_body_but_bytes(service: Service, fresh: Fresh) -> None:
    body = b"\xff\xfe" + str(fresh()).encode()
    refused = service.post_webhook(body)

    shown = delivery(service, refused.json()["quarantine"])

    assert (shown["outcome"], shown["event_id"], shown["body"]) == ("not-json", None, None)
    assert base64.b64decode(shown["body_base64"]) == body


def test_a_digest_is_shown_under_the_header_that_its_source_had_then(
    service: Service, name: str, fresh: Fresh
) -> None:
    service.add_source(name, "--scheme", "hmac-sha256", "--header", "X-Old")
    number = fresh()
    body = json.dumps(note(number)).encode()
    digest = _digest(service, name, body)
    answer = service.anonymous(
        "POST",
        f"/webhooks/{name}",
        content=body,
        headers={"content-type": "application/json", "X-Old": digest},
    )
    service.here("sources", "set", name, "--header", "X-New")

    shown = delivery(service, answer.json()["position"])

    assert shown["scheme"] == "hmac-sha256"
    assert shown["headers"] == {"X-Old": digest}


def _digest(service: Service, name: str, body: bytes) -> str:
    return "sha256=" + hmac.digest(service.secrets[name].encode(), body, "sha256").hex()


@pytest.mark.one_store
def test_nothing_else_is_a_delivery(service: Service, fresh: Fresh) -> None:
    at = service.post_webhook(kit_event(fresh(), f"K-{fresh()}")).json()["position"]

    for position_ in (0, at + 1, position(service) + 1000, 2**53 - 1, 10**16 - 1):
        problem(service.get(f"/api/v1/audit/deliveries/{position_}/"), 404)
    problem(service.get("/api/v1/audit/deliveries/x/"), 404)
    problem(service.get(f"/api/v1/audit/deliveries/{at}/", auth=service.add_client("reader")), 403)
