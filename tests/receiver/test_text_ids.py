"""Events whose ids are text, over HTTP: each is an event of its own, wherever ids go."""

import json
from typing import Any

import pytest

from tests.harness.service import Service
from tests.receiver.examples import (
    Fresh,
    event_ids,
    held,
    kit_event,
    note,
    pages,
    position,
    problem,
)

IDS = [3514, 9007199254740991, "3514", "0000000000003514", "=3514", "../x", "a/b", "a/=b", "%2F"]
IDS += ["?id=1&x#y", " 3514 ", "e\u0301", "\u00e9", "-1", "\U0001f9ea" * 255, "\uffe5"]
NO_IDS = ["", "\x00", "\n", "\u202e", "\ud800", "x" * 256, -1, 2**53, 1.0, True, None, [], {}]


@pytest.fixture
def source(service: Service, fresh: Fresh) -> str:
    """Add a source whose envelopes have an id of either kind."""
    name = f"texts-{fresh()}"
    service.add_source(name, "--id-from", "body:/id")
    return name


def in_order(ids: list[Any]) -> list[Any]:
    return sorted(ids, key=lambda each: (isinstance(each, str), each))


def test_each_id_is_an_event_of_its_own(service: Service, source: str) -> None:
    events = [note(each, data={"of": each}) for each in IDS]

    first = service.post_webhook(events, source).json()["results"]
    again = service.post_webhook(events[::-1], source).json()["results"]

    assert {each["status"] for each in first} == {"recorded"}
    assert {each["status"] for each in again} == {"duplicate"}
    assert [each["id"] for each in first] == IDS
    assert [each["position"] for each in again[::-1]] == [each["position"] for each in first]
    found = pages(service, "/api/v1/events/", source=source, limit=3)
    assert [each["id"] for page in found for each in page] == in_order(IDS)
    assert all(each["data"] == {"of": each["id"]} for page in found for each in page)


def test_pages_within_a_time_give_each_event_once(service: Service, source: str) -> None:
    events = [note(each, created_at=f"2031-01-0{n % 2 + 1}") for n, each in enumerate(IDS)]
    service.post_webhook(events, source)

    query = {"source": source, "created_at__gte": "2031-01-02", "created_at__lt": "2031-01-03"}

    found = pages(service, "/api/v1/events/", limit=2, **query)
    assert [each["id"] for page in found for each in page] == in_order(IDS[1::2])


@pytest.mark.parametrize("event_id", NO_IDS, ids=ascii)
def test_what_is_no_id_is_held_and_named(service: Service, source: str, event_id: Any) -> None:
    refusal = problem(service.post_webhook(note(event_id), source), 422)

    assert list(refusal["errors"]) == ["body:/id"]
    assert held(service, refusal)["event_id"] is None


@pytest.mark.parametrize("event_id", ["0000000000003514", "a/=b", "%2F"])
def test_a_conflict_under_a_text_id_is_held_and_replaces_what_was_recorded(
    service: Service, fresh: Fresh, source: str, event_id: str
) -> None:
    barcode = f"TEXT{fresh()}"
    service.post_webhook(kit_event(event_id, barcode, "KIT_SHIPPED"), source)
    before = position(service)

    refusal = problem(service.post_webhook(kit_event(event_id, barcode, "KIT_FAILED"), source), 409)

    kept = held(service, refusal)
    assert (kept["event_id"], kept["reason"]) == (event_id, "conflict")
    listed = json.loads(service.here("quarantine", "list", "--json").stdout)
    assert (refusal["quarantine"], event_id) in {(each["id"], each["event_id"]) for each in listed}
    service.here("quarantine", "release", str(refusal["quarantine"]), "--yes")
    path = f"/api/v1/kits/{barcode}/"
    assert service.get(path).json()["status"] == "KIT_FAILED"
    assert service.get(path, params={"as_of_position": before}).json()["status"] == "KIT_SHIPPED"
    told = service.get(f"{path}history/").json()
    assert {each["delivery"]["event_id"] for each in told} == {event_id}
    assert event_ids(service, source=source) == [event_id]


def test_the_log_and_a_delivery_name_the_id_as_it_was_sent(service: Service, source: str) -> None:
    sent = service.post_webhook([note("3514"), note(3514)], source).json()["results"]

    for each in sent:
        path = f"/api/v1/audit/deliveries/{each['position']}/"
        assert service.get(path).json()["event_id"] == each["id"]
    streams = [
        each["subject"]["id"]
        for each in service.get(
            "/api/v1/audit/log/", params={"kind": "delivery", "by": f"source:{source}"}
        ).json()
        if source in str(each["subject"]["id"])
    ]
    assert streams == [f"{source}/=3514", f"{source}/{3514:016d}"]
