"""What no database, or not every one, can keep is refused before it comes there: the same on each."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from tests.harness.service import Service
from tests.organizations.camp import Camp
from tests.receiver.examples import Fresh, held, kit_event, note, problem, report_event

NUL, HALF = "\0", "\ud800"
BEYOND = 2**64
REGISTRATIONS = "/api/v1/kit-registrations/"
HOSTILE = pytest.mark.parametrize("text", [NUL, f"A{NUL}", HALF, f"{HALF}\ud801"], ids=ascii)


@HOSTILE
@pytest.mark.parametrize("field", ["barcode", "status", "reason"])
def test_a_field_of_a_kit_is_refused_and_held(
    service: Service, fresh: Fresh, field: str, text: str
) -> None:
    said = {"barcode": "HOSTILE", "status": "KIT_FAILED", field: text}
    event = {"id": fresh(), "type": "kit.updated", "data": {"kit": said}}

    refusal = problem(service.post_webhook(event), 422)

    assert list(refusal["errors"]) == [f"data.kit.{field}"]
    assert held(service, refusal)["reason"] == "invalid"


@HOSTILE
def test_other_fields_of_events_are_refused_and_held(
    service: Service, fresh: Fresh, text: str
) -> None:
    events = [
        note(fresh(), type=f"note{text}"),
        note(fresh(), created_at=f"2017-11-24{text}"),
        report_event(fresh(), fresh(), reason=text),
        report_event(fresh(), fresh(), status=text),
    ]
    for event in events:
        assert held(service, problem(service.post_webhook(event), 422))["reason"] == "invalid"


@HOSTILE
def test_what_is_not_interpreted_is_recorded_and_shown_as_it_was_sent(
    service: Service, fresh: Fresh, text: str
) -> None:
    kind = f"note.hostile.{fresh()}"
    event = note(fresh(), type=kind, data={text: [text, {"deep": text}], "large": BEYOND})
    kit = kit_event(fresh(), f"PLAIN{fresh()}") | {"more": text}

    assert [each["status"] for each in service.post_webhook([event, kit]).json()["results"]] == [
        "recorded",
        "recorded",
    ]

    (shown,) = service.get("/api/v1/events/", params={"type": kind}).json()
    assert shown["data"] == event["data"]


@pytest.mark.parametrize("number", [-1, 2**53, 2**63, BEYOND, 10**400])
def test_numbers_that_are_no_ids_are_refused(service: Service, fresh: Fresh, number: int) -> None:
    events = [note(number, data={"of": fresh()}), report_event(fresh(), number)]
    events.append(kit_event(fresh(), "HOSTILE", shipment_id=number))
    for event in events:
        problem(service.post_webhook(event), 422)
    for new in ({"customer": number, "kit": "A"}, {"customer": fresh(), "kit": number}):
        problem(service.post(REGISTRATIONS, new), 422)
    for name in ("reports", "kit-registrations", "customer-kit-registrations"):
        problem(service.get(f"/api/v1/{name}/{number}/"), 404)
    for query in (f"kit-registrations/?customer={number}", f"kits/?limit={number}"):
        problem(service.get(f"/api/v1/{query}"), 400)


def escaped(value: Any) -> dict[str, Any]:
    """Say how to send JSON in which halves of surrogate pairs are escapes."""
    headers = {"content-type": "application/json"}
    return {"content": json.dumps(value).encode(), "headers": headers}


@HOSTILE
def test_a_registration_is_refused(service: Service, fresh: Fresh, text: str) -> None:
    made = service.post(REGISTRATIONS, {"customer": fresh(), "kit": f"R{fresh()}"}).json()
    address = f"{REGISTRATIONS}{made['id']}/"
    new = escaped({"customer": fresh(), "kit": text})
    date = escaped({"verification_date": f"2017-11-24{text}"})

    problem(service.request("POST", REGISTRATIONS, **new), 422)
    problem(service.request("PATCH", address, **date), 422)
    assert service.request("PATCH", address, **escaped({text: text})).json() == made


@HOSTILE
def test_names_and_identifiers_of_groups_are_refused(
    service: Service, fresh: Fresh, text: str
) -> None:
    camp = Camp(service, fresh())
    camp.make(name="Camp")
    groups = [{"name": text}, {"name": "Sun", "groupIdentifier": text}]
    registrations = [
        {"type": text, "groupID": camp.root},
        {"type": "patient", "groupIdentifier": text},
    ]

    for group in groups:
        problem(camp.ask("PUT", "groups/1", **escaped(group)), 422)
    for registration in registrations:
        problem(camp.ask("POST", "profiles/70/registrations", **escaped(registration)), 422)


QUERIES = [
    "events/?type=",
    "events/?source=",
    "events/?created_at__gte=",
    "kits/?status=",
    "kits/?after=",
    "reports/?status=",
    "kit-registrations/?kit=",
    "kit-registrations/?customer=",
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("text", ["%00", "A%00"])
def test_a_query_value_is_refused(service: Service, query: str, text: str) -> None:
    problem(service.get(f"/api/v1/{query}{text}"), 400)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("text", ["%ED%A0%80", "%FF", "%F4%8F%BF%BF"])
def test_a_query_value_that_is_no_text_finds_nothing(
    service: Service, query: str, text: str
) -> None:
    answer = service.get(f"/api/v1/{query}{text}")

    assert answer.status_code == 400 or answer.json() == []


@HOSTILE
def test_a_cursor_that_no_page_gave_is_refused(service: Service, text: str) -> None:
    made_up = urlsafe_b64encode(json.dumps([text]).encode()).decode()
    problem(service.get("/api/v1/kits/", params={"after": made_up}), 400)


@pytest.mark.parametrize("text", ["%00", "A%00", "%ED%A0%80", "%FF", "%F4%8F%BF%BF"])
@pytest.mark.parametrize(
    "path", ["kits", "reports", "kit-registrations", "customer-kit-registrations"]
)
def test_nothing_is_found_at_a_path(service: Service, path: str, text: str) -> None:
    problem(service.get(f"/api/v1/{path}/{text}/"), 404)
    problem(service.get(f"/api/organizations/{text}/groups"), 404)
    problem(service.anonymous("POST", f"/webhooks/{text}", content=b"{}"), 404)


@pytest.mark.parametrize("text", ["\0", "\0:\0", "1:\0", "\ud800:\ud800", f"{BEYOND}:x"], ids=ascii)
def test_credentials_are_just_wrong(service: Service, text: str) -> None:
    number, _, key = text.encode("utf-8", "surrogatepass").decode("latin-1").partition(":")
    problem(service.get("/api/v1/kits/", auth=(number, key)), 401)
