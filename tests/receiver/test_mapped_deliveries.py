"""Deliveries of senders with envelopes of their own, after their receipt: held, released, rebuilt, compared."""

import json
from typing import Any

import httpx
import pytest

from tests.harness.service import Service
from tests.receiver.examples import Fresh

BOM = b"\xef\xbb\xbf"
BATCH = "application/cloudevents-batch+json"


@pytest.fixture
def source(service: Service, name: str, request: pytest.FixtureRequest) -> str:
    """Give a source with some options."""
    service.add_source(name, *getattr(request, "param", ("--preset", "cloudevents")))
    return name


def listed(service: Service, source: str) -> dict[Any, Any]:
    events = service.get(f"/api/v1/events/?source={source}").json()
    return {each["id"]: each["data"] for each in events}


def kit(event_id: str, barcode: str, status: str, **more: Any) -> dict[str, Any]:
    data = {"kit": {"barcode": barcode, "status": status}}
    required = {"specversion": "1.0", "id": event_id, "source": "/lab", "type": "kit.updated"}
    return {**required, "data": data, **more}


def is_sound(service: Service) -> bool:
    """Say whether the read models are what the log says, as they are and when they are made anew."""
    compared = [service.here("audit", "reconcile", check=False)]
    for each in ("events", "kits", "quarantine"):
        service.here("projections", "rebuild", each)
    compared.append(service.here("audit", "reconcile", check=False))
    return all(each.stdout.endswith(" events: 0 differences.\n") for each in compared)


def test_what_a_batch_has_that_is_held_can_be_released(
    service: Service, source: str, fresh: Fresh
) -> None:
    barcode = f"B{fresh()}"
    sent = [
        kit("1", barcode, "KIT_SHIPPED", sequence="1"),
        kit("1", barcode, "KIT_FAILED", sequence="3"),
        kit("2", barcode, "KIT_RECEIVED", sequence="2"),
        kit("3", barcode, "KIT_LOST", specversion="2.0"),
        [],
    ]
    answer = service.post_webhook(BOM + json.dumps(sent).encode(), source, content_type=BATCH)
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [
        "recorded",
        "conflict",
        "recorded",
        "invalid",
        "invalid",
    ]
    assert service.get(f"/api/v1/kits/{barcode}/").json()["status"] == "KIT_RECEIVED"

    service.here("quarantine", "release", str(results[1]["quarantine"]), "--yes")
    for each in results[3:]:
        refused = service.here("quarantine", "release", str(each["quarantine"]), check=False)
        assert "it is still invalid" in refused.output

    assert service.get(f"/api/v1/kits/{barcode}/").json()["status"] == "KIT_FAILED"
    assert listed(service, source)["1"] == sent[1]["data"]  # type: ignore[index]
    seen = service.get(f"/api/v1/audit/deliveries/{results[2]['position']}/").json()
    assert seen["headers"]["content-type"] == BATCH
    assert is_sound(service)


def test_a_conflict_between_headers_is_released_by_what_they_say(
    service: Service, source: str, fresh: Fresh
) -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/lab", "ce-type": "sampled"}
    service.post_webhook(b"[1]", source, **headers)
    changed = {**headers, "ce-type": "tested", "content-type": "application/octet-stream"}
    held = service.post_webhook(b"[1]", source, **changed)
    assert held.status_code == 409

    asked = service.here(
        "quarantine", "release", str(held.json()["quarantine"]), check=False, given="n\n"
    )
    assert "recorded: ce-type: sampled" in asked.stdout
    assert "held: ce-type: tested" in asked.stdout
    shown = service.here("quarantine", "show", str(held.json()["quarantine"])).stdout
    assert "'ce-type': 'tested'" in shown
    service.here("quarantine", "release", str(held.json()["quarantine"]), "--yes")

    [event] = service.get(f"/api/v1/events/?source={source}").json()
    assert (event["type"], event["data"]) == ("tested", "WzFd")
    assert is_sound(service)


HEADED = ("--id-from", "header:x-id", "--type-from", "header:x-type", "--data-from", "body:")


@pytest.mark.parametrize("source", [HEADED], indirect=True)
def test_a_body_under_two_ids_is_held_twice_and_an_array_is_one_event(
    service: Service, source: str
) -> None:
    def post(body: bytes, **headers: str) -> httpx.Response:
        return service.post_webhook(body, source, **{f"x-{k}": v for k, v in headers.items()})

    held = [post(b"{", id=each, type="note").json()["quarantine"] for each in ("a", "b", "a")]
    assert held[0] == held[2] != held[1]
    for body, event_id in ((b"[]", "1"), (b"[1,[2]]", "2"), (BOM + b"null", "3"), (b" 0 ", "4")):
        assert post(body, id=event_id, type="note").json()["status"] == "recorded"
    assert post(BOM + b" [1, [2.0]]", id="2", type="note").json()["status"] == "duplicate"
    assert listed(service, source) == {"1": [], "2": [1, [2]], "3": None, "4": 0}


@pytest.mark.parametrize("source", [(*HEADED, "--ignore-field", "/attempt/n")], indirect=True)
def test_what_does_not_count_may_differ_whatever_the_body_is(service: Service, source: str) -> None:
    statuses = [
        service.post_webhook(body, source, **{"x-id": event_id, "x-type": "note"}).json()["status"]
        for event_id, bodies in (
            ("1", (b'{"attempt": {"n": 1}}', b'{"attempt": {"n": 2}}')),
            ("2", (b"[1]", b"[1.0]")),
            ("3", (b'"attempt"', b' "attempt"')),
        )
        for body in bodies
    ]
    assert statuses == ["recorded", "duplicate"] * 3
