"""One webhook, one event: what is answered, and what is kept."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.harness.service import Service
from tests.receiver.examples import Fresh, event_ids, held, kit_event, note, position, problem


def stored(service: Service, place: int) -> bytes:
    """Read what the ledger's database holds at a position."""
    query = "SELECT state FROM stored_events WHERE position = %s"
    ((state,),) = service.query(query, place)
    return bytes(state)


def test_a_new_event_is_recorded(service: Service, fresh: Fresh) -> None:
    event_id = fresh()
    before = position(service)

    answer = service.post_webhook(kit_event(event_id, f"NEW{event_id}"))

    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"id": event_id, "status": "recorded", "position": before + 1}
    assert service.get(f"/api/v1/kits/NEW{event_id}/").json()["status"] == "KIT_SHIPPED"


def test_a_delivery_is_kept_in_its_exact_bytes(service: Service, fresh: Fresh) -> None:
    spelled = (
        b'{ "data":{"x" : 1.50,"\\u00e9":"\xc3\xa9"} ,\r\n"type":"note.added","id":%d}\n' % fresh()
    )

    answer = service.post_webhook(spelled)

    assert spelled in stored(service, answer.json()["position"])


@pytest.mark.parametrize(
    "again",
    [
        '{"id": %d, "type": "note.added", "data": {"a": 1, "b": [2.5, null]}}',
        '{"data": {"b": [2.5, null], "a": 1}, "id": %d, "type": "note.added"}',
        '\n{"id":%d,"type":"note.added","data":{"a":1,"b":[2.5,null]}}\t ',
        '{"id": %d, "type": "note.added", "data": {"a": 1.0, "b": [2.50, null]}}',
        '{"id": %d, "type": "note.added", "data": {"a": 1e0, "b": [25e-1, null]}}',
        '{"id": %d, "type": "note\\u002eadded", "data": {"\\u0061": 1, "b": [2.5, null]}}',
    ],
    ids=["the same bytes", "another order", "other blanks", "1.0 for 1", "1e0 for 1", "escapes"],
)
def test_the_same_value_again_is_a_duplicate(service: Service, fresh: Fresh, again: str) -> None:
    event_id = fresh()
    first = service.post_webhook(note(event_id, data={"a": 1, "b": [2.5, None]})).json()
    before = position(service)

    answer = service.post_webhook((again % event_id).encode())

    assert answer.status_code == 200
    assert answer.json() == {**first, "status": "duplicate"}
    assert position(service) == before


@pytest.mark.parametrize(
    "other",
    [
        {"data": {"a": 2}},
        {"data": {"a": True}},
        {"data": {"a": "1"}},
        {"data": {"a": 1, "b": None}},
        {"type": "note.changed"},
        {"created_at": "2017-11-24 10:00:00"},
        {"unknown": "field"},
    ],
    ids=str,
)
def test_another_value_under_the_same_id_is_a_conflict(
    service: Service, fresh: Fresh, other: dict[str, Any]
) -> None:
    first = note(fresh(), data={"a": 1})
    service.post_webhook(first)

    answer = service.post_webhook({**first, **other})

    refusal = problem(answer, 409)
    kept = held(service, refusal)
    assert (refusal["id"], kept["event_id"], kept["reason"]) == (first["id"],) * 2 + ("conflict",)
    assert json.loads(kept["body"]) == {**first, **other}


def test_a_conflict_changes_nothing_that_is_read(service: Service, fresh: Fresh) -> None:
    event_id = fresh()
    service.post_webhook(kit_event(event_id, f"FIRST{event_id}", "KIT_SHIPPED"))

    problem(service.post_webhook(kit_event(event_id, f"FIRST{event_id}", "KIT_FAILED")), 409)

    assert service.get(f"/api/v1/kits/FIRST{event_id}/").json()["status"] == "KIT_SHIPPED"


def test_the_same_conflict_again_is_held_once(service: Service, fresh: Fresh) -> None:
    event_id = fresh()
    service.post_webhook(note(event_id))
    other = note(event_id, data={"other": True})
    refusal = problem(service.post_webhook(other), 409)
    before = position(service)

    again = problem(service.post_webhook(other), 409)

    assert again["quarantine"] == refusal["quarantine"]
    assert position(service) == before


def test_ids_of_different_sources_have_nothing_to_do_with_each_other(
    service: Service, fresh: Fresh
) -> None:
    event_id = fresh()
    service.add_source("other-lab")
    service.post_webhook(note(event_id))

    answer = service.post_webhook(note(event_id, data={"by": "another"}), source="other-lab")

    assert (answer.status_code, answer.json()["status"]) == (202, "recorded")
    assert event_ids(service, source="other-lab") == [event_id]


def test_sixteen_clients_with_one_delivery_get_one_recorded_and_fifteen_duplicates(
    service: Service, fresh: Fresh
) -> None:
    for _ in range(5):
        event = note(fresh(), type=f"note.{fresh()}")
        body = json.dumps(event).encode()
        signed = service.signed(body)
        headers = {name.replace("-", "_"): value for name, value in signed.items()}
        before = position(service)

        with ThreadPoolExecutor(16) as clients:
            posts = [clients.submit(service.post_webhook, body, **headers) for _ in range(16)]
        answers = [post.result() for post in posts]

        assert sorted(answer.status_code for answer in answers) == [200] * 15 + [202]
        statuses = sorted(answer.json()["status"] for answer in answers)
        assert statuses == ["duplicate"] * 15 + ["recorded"]
        assert {answer.json()["position"] for answer in answers} == {before + 1}
        assert event_ids(service, type=event["type"]) == [event["id"]]


def test_an_event_of_an_unknown_type_is_listed_and_touches_nothing(
    service: Service, fresh: Fresh
) -> None:
    event = kit_event(fresh(), f"UNTOUCHED{fresh()}") | {"type": "kit.vanished"}

    answer = service.post_webhook(event)

    assert (answer.status_code, answer.json()["status"]) == (202, "recorded")
    assert event_ids(service, type="kit.vanished") == [event["id"]]
    problem(service.get(f"/api/v1/kits/{event['data']['kit']['barcode']}/"), 404)


def test_unknown_fields_are_kept_and_ignored(service: Service, fresh: Fresh) -> None:
    service.add_source("talkative")
    event = kit_event(fresh(), f"MORE{fresh()}", colour="blue") | {"sent_by": "robot 7"}
    event["data"]["weather"] = ["rain", None, {"wind": 1.5}]

    place = service.post_webhook(event, source="talkative").json()["position"]

    listed = service.get("/api/v1/events/", params={"source": "talkative"}).json()
    assert [each["data"] for each in listed] == [event["data"]]
    assert b"robot 7" in stored(service, place)


@pytest.mark.parametrize("source", ["nobody", "LAB", "lab%00", "lab%2F..", "l\u00e4b", "x" * 500])
def test_a_source_that_does_not_exist_is_not_found(service: Service, source: str) -> None:
    signed = service.signed(b"{}")

    answer = service.anonymous("POST", f"/webhooks/{source}", content=b"{}", headers=signed)

    problem(answer, 404)


def test_a_retired_source_is_gone(service: Service, fresh: Fresh) -> None:
    service.add_source("old-lab")
    assert service.post_webhook(note(fresh()), source="old-lab").status_code == 202
    service.here("sources", "retire", "old-lab", "--yes")
    before = position(service)

    problem(service.post_webhook(note(fresh()), source="old-lab"), 410)
    assert position(service) == before


def test_webhooks_need_no_credentials_but_the_signature(service: Service, fresh: Fresh) -> None:
    problem(service.post("/webhooks/lab", note(fresh())), 401)
