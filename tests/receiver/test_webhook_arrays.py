"""An array of envelopes: each is answered by itself, and all are kept in one transaction."""

import json
from typing import Any

import pytest

from tests.harness.service import Service
from tests.receiver.examples import Fresh, event_ids, held, kit_event, note, position, problem


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 202, answer.text
    return [result["status"] for result in answer.json()["results"]]


def test_each_envelope_has_a_result_of_its_own_in_order(service: Service, fresh: Fresh) -> None:
    known, taken = note(fresh()), note(fresh())
    new = note(fresh(), type=f"note.{fresh()}")
    first = [service.post_webhook(event).json() for event in (known, taken)]
    unfit = kit_event(fresh(), "", "KIT_SHIPPED")

    answer = service.post_webhook([known, {**taken, "data": {"other": 1}}, unfit, new, "no event"])

    results = answer.json()["results"]
    assert statuses(answer) == ["duplicate", "conflict", "invalid", "recorded", "invalid"]
    ids = [known["id"], taken["id"], unfit["id"], new["id"], None]
    assert [result["id"] for result in results] == ids
    assert results[0]["position"] == first[0]["position"]
    assert set(results[2]["errors"]) == {"data.kit.barcode"}
    reasons = [held(service, results[at])["reason"] for at in (1, 2, 4)]
    assert reasons == ["conflict", "invalid", "invalid"]
    assert event_ids(service, type=new["type"]) == [new["id"]]


def test_an_unfit_envelope_is_held_in_its_exact_bytes(service: Service, fresh: Fresh) -> None:
    unfit = '{"id" : "one",\t"data":[ ]}'

    answer = service.post_webhook(f"[ {json.dumps(note(fresh()))},{unfit} ]".encode())

    assert held(service, answer.json()["results"][1])["body"] == unfit


def test_an_envelope_twice_in_one_array_is_a_duplicate_of_itself(
    service: Service, fresh: Fresh
) -> None:
    event = note(fresh(), data={"a": 1, "b": 2})
    turned = {**event, "data": {"b": 2, "a": 1.0}}
    other = {**event, "data": {"a": 2}}

    answer = service.post_webhook([event, turned, other])

    assert statuses(answer) == ["recorded", "duplicate", "conflict"]
    results = answer.json()["results"]
    assert results[0]["position"] == results[1]["position"]


def test_an_array_again_is_all_duplicates_and_keeps_nothing(service: Service, fresh: Fresh) -> None:
    events = [
        note(fresh()),
        kit_event(fresh(), f"AGAIN{fresh()}"),
        note(None, data={"in": "an array"}),
    ]
    first = service.post_webhook(events)
    before = position(service)

    again = service.post_webhook(events)

    assert statuses(again) == ["duplicate", "duplicate", "invalid"]
    assert position(service) == before
    kept = [result.get("position") for result in first.json()["results"]]
    assert [result.get("position") for result in again.json()["results"]] == kept


def test_the_events_of_an_array_may_tell_of_one_kit_in_any_order(
    service: Service, fresh: Fresh
) -> None:
    barcode = f"ORDER{fresh()}"
    ids = [fresh() for _ in range(3)]
    told = [
        kit_event(ids[2], barcode, "KIT_FAILED", reason="Not enough DNA was extracted."),
        kit_event(ids[0], barcode, "KIT_SHIPPED", shipment_id=2344),
        kit_event(ids[1], barcode, "KIT_RECEIVED"),
    ]

    assert statuses(service.post_webhook(told)) == ["recorded"] * 3

    kit = service.get(f"/api/v1/kits/{barcode}/").json()
    assert (kit["status"], kit["shipment_id"]) == ("KIT_FAILED", 2344)
    assert kit["reason"] == "Not enough DNA was extracted."


def test_an_empty_array_is_nothing_to_record(service: Service) -> None:
    before = position(service)

    answer = service.post_webhook([])

    assert (answer.status_code, answer.json()) == (202, {"results": []})
    assert position(service) == before


def test_a_thousand_events_go_into_one_array(service: Service, fresh: Fresh) -> None:
    events = [note(fresh(), type="note.bulk") for _ in range(1000)]

    answer = service.post_webhook(events)

    assert statuses(answer) == ["recorded"] * 1000
    places = [result["position"] for result in answer.json()["results"]]
    assert places == sorted(set(places))
    assert event_ids(service, type="note.bulk", limit=1000) == [event["id"] for event in events]


def test_more_than_a_thousand_are_refused_whole(service: Service, fresh: Fresh) -> None:
    events = [note(fresh(), type="note.too-many") for _ in range(1001)]

    refusal = problem(service.post_webhook(events), 422)

    assert held(service, refusal)["reason"] == "invalid"
    assert event_ids(service, type="note.too-many") == []


@pytest.mark.parametrize("broken", ["[{}", "[{},]", "[NaN]", '[{"id": 1}] x'])
def test_an_array_that_is_not_json_is_refused_whole(service: Service, broken: str) -> None:
    refusal = problem(service.post_webhook(broken.encode()), 400)

    kept = held(service, refusal)
    assert (kept["reason"], kept["body"]) == ("not-json", broken)


def test_arrays_in_arrays_are_no_envelopes(service: Service, fresh: Fresh) -> None:
    assert statuses(service.post_webhook([[note(fresh())], []])) == ["invalid", "invalid"]
