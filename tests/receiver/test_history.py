"""The histories of things: what happened, when, by whom, and why, and which values changed."""

import re
from typing import Any

import pytest

from tests.harness.service import Service
from tests.receiver.examples import Fresh, kit_event, pages, problem, report_event

MICROSECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
WHY = {"Change-Reason": "asked by phone"}


def history(service: Service, path: str, **options: Any) -> list[dict[str, Any]]:
    answer = service.get(f"{path}history/", **options)
    assert answer.status_code == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()
    return entries


def changes(entry: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {each["field"]: (each["before"], each["after"]) for each in entry["changes"]}


def events(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["event"] for entry in entries]


def test_a_kits_history_says_what_each_delivery_changed(service: Service, fresh: Fresh) -> None:
    first, second, barcode = fresh(), fresh(), f"K-{fresh()}"
    sent = "2017-11-24 10:00:00"
    shipped = service.post_webhook({**kit_event(first, barcode), "created_at": sent})
    failed = {"status": "KIT_FAILED", "reason": "it leaked", "shipment_id": 7}
    service.post_webhook({**kit_event(second, barcode, **failed), "created_at": "2017-11-25"})

    made, changed = history(service, f"/api/v1/kits/{barcode}/")

    assert made["event"] == changed["event"] == "Kit.Observed"
    assert changes(made) == {
        "barcode": (None, barcode),
        "status": (None, "KIT_SHIPPED"),
        "created_at": (None, "2017-11-24T10:00:00+00:00"),
        "modified_at": (None, "2017-11-24T10:00:00+00:00"),
    }
    assert changes(changed) == {
        "status": ("KIT_SHIPPED", "KIT_FAILED"),
        "shipment_id": (None, 7),
        "reason": (None, "it leaked"),
        "modified_at": ("2017-11-24T10:00:00+00:00", "2017-11-25T00:00:00+00:00"),
    }
    assert made["by"] == {"kind": "source", "id": "lab", "name": "lab"}
    assert made["why"] is None
    assert made["request_id"] == shipped.headers["x-request-id"]
    assert MICROSECONDS.fullmatch(made["recorded_at"])
    assert made["recorded_at"] <= changed["recorded_at"]
    delivered = made["delivery"]
    assert delivered["position"] == shipped.json()["position"] == made["position"] - 1
    assert (delivered["source"], delivered["event_id"]) == ("lab", first)


def test_a_delivery_in_an_array_has_the_webhook_id_of_the_array(
    service: Service, fresh: Fresh
) -> None:
    barcode, report = f"K-{fresh()}", fresh()
    array = [kit_event(fresh(), barcode), report_event(fresh(), report)]
    answer = service.post_webhook(array, webhook_id=None)
    assert answer.status_code == 401
    body = [kit_event(fresh(), barcode), report_event(fresh(), report)]
    service.post_webhook(body)

    [of_kit] = history(service, f"/api/v1/kits/{barcode}/")
    [of_report] = history(service, f"/api/v1/reports/{report}/")

    assert of_kit["delivery"]["webhook_id"].startswith("msg_")
    assert of_kit["delivery"]["webhook_id"] == of_report["delivery"]["webhook_id"]
    assert of_kit["delivery"]["event_id"] == body[0]["id"]
    assert of_report["delivery"]["event_id"] == body[1]["id"]
    assert changes(of_report)["id"] == (None, report)


def test_a_replaced_delivery_is_retracted_by_the_operator_who_released_its_replacement(
    service: Service, fresh: Fresh
) -> None:
    number, wrong, right = fresh(), f"K-{fresh()}", f"K-{fresh()}"
    service.post_webhook(kit_event(number, wrong))
    refused = service.post_webhook(kit_event(number, right)).json()
    why = ("--yes", "--why", "a typing error")
    service.here("quarantine", "release", str(refused["quarantine"]), *why)

    observed, retracted = history(service, f"/api/v1/kits/{wrong}/")
    [replaced] = history(service, f"/api/v1/kits/{right}/")

    assert events([observed, retracted]) == ["Kit.Observed", "Kit.Retracted"]
    assert changes(retracted)["status"] == ("KIT_SHIPPED", None)
    assert retracted["by"]["kind"] == replaced["by"]["kind"] == "operator"
    assert retracted["why"] == replaced["why"] == "a typing error"
    assert retracted["delivery"] == replaced["delivery"]
    assert observed["delivery"]["position"] < retracted["delivery"]["position"]


@pytest.mark.parametrize("address", ["kit-registrations", "customer-kit-registrations"])
def test_a_kit_registration_has_its_history_under_both_addresses(
    service: Service, fresh: Fresh, address: str
) -> None:
    customer, kit = fresh(), str(fresh())
    made = service.post("/api/v1/kit-registrations/", {"customer": customer, "kit": kit}).json()
    path = f"/api/v1/{address}/{made['id']}/"
    for date in ("2018-01-01T00:00:00+00:00", None):
        service.patch(path, {"verification_date": date}, headers=WHY)
    service.patch(path, {"verification_date": None}, headers=WHY)

    registered, verified, cleared = history(service, path)

    shown = {name: (None, value) for name, value in made.items() if value is not None}
    assert changes(registered) == shown
    assert changes(verified)["verification_date"] == (None, "2018-01-01T00:00:00+00:00")
    assert changes(cleared)["verification_date"] == ("2018-01-01T00:00:00+00:00", None)
    assert [each["why"] for each in (registered, verified, cleared)] == [
        None,
        *[WHY["Change-Reason"]] * 2,
    ]
    assert verified["by"] == {"kind": "client", "id": int(service.admin[0]), "name": "admin"}
    assert verified["delivery"] is None


def test_a_slash_that_is_escaped_belongs_to_the_barcode(service: Service, fresh: Fresh) -> None:
    plain = f"{fresh()}/b"
    ending = f"{plain}/history"
    for barcode in (plain, ending):
        service.post_webhook(kit_event(fresh(), barcode))

    escaped = ending.replace("/", "%2F")

    assert service.get(f"/api/v1/kits/{escaped}/").json()["barcode"] == ending
    for path, barcode in ((plain, plain), (plain.replace("/", "%2F"), plain), (escaped, ending)):
        [entry] = history(service, f"/api/v1/kits/{path}/")
        assert changes(entry)["barcode"] == (None, barcode)


def test_a_history_has_pages_that_follow_one_another(service: Service, fresh: Fresh) -> None:
    barcode = f"K-{fresh()}"
    for status in ("KIT_SHIPPED", "KIT_RECEIVED", "KIT_PROCESSING", "KIT_FAILED", "KIT_SHIPPED"):
        service.post_webhook(kit_event(fresh(), barcode, status))
    path = f"/api/v1/kits/{barcode}/"
    whole = history(service, path)

    found = pages(service, f"{path}history/", limit=2)

    assert [len(page) for page in found] == [2, 2, 1]
    assert [entry for page in found for entry in page] == whole
    statuses = [changes(entry)["status"] for entry in whole]
    assert [after for _, after in statuses[:-1]] == [before for before, _ in statuses[1:]]


def test_a_history_as_of_a_position_ends_there(service: Service, fresh: Fresh) -> None:
    barcode = f"K-{fresh()}"
    for status in ("KIT_SHIPPED", "KIT_RECEIVED"):
        service.post_webhook(kit_event(fresh(), barcode, status))
    path = f"/api/v1/kits/{barcode}/"
    first, second = history(service, path)

    def then(position: int) -> Any:
        return service.get(f"{path}history/", params={"as_of_position": position})

    assert then(second["position"] - 1).json() == [first]
    assert then(second["position"]).json() == [first, second]
    assert "immutable" in then(second["position"]).headers["cache-control"]
    problem(then(first["position"] - 1), 404)


def test_a_history_is_found_with_and_without_the_slash(service: Service, fresh: Fresh) -> None:
    number, barcode = fresh(), f"K/{fresh()}"
    service.post_webhook([kit_event(fresh(), barcode), report_event(fresh(), number)])

    for thing in (f"kits/{barcode}", f"kits/{barcode.replace('/', '%2F')}", f"reports/{number}"):
        path = f"/api/v1/{thing}/"
        without = service.get(f"{path}history")
        assert (without.status_code, without.json()) == (200, history(service, path)), thing
    assert service.get("/api/v1/sources/lab/history").json()[0]["event"] == "Source.Added"
    assert service.get(f"/api/v1/clients/{service.admin[0]}/history").status_code == 200


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    "path",
    [
        "kits/nobody",
        "reports/9007199254740991",
        "kit-registrations/9007199254740991",
        "customer-kit-registrations/9007199254740991",
        "sources/nobody",
        "clients/9007199254740991",
    ],
)
def test_what_never_was_has_no_history(service: Service, path: str, slash: str) -> None:
    problem(service.get(f"/api/v1/{path}/history{slash}"), 404)


def test_histories_are_for_auditors(service: Service, fresh: Fresh) -> None:
    barcode = f"K-{fresh()}"
    service.post_webhook(kit_event(fresh(), barcode))
    reader, auditor = service.add_client("reader"), service.add_client("auditor")
    path = f"/api/v1/kits/{barcode}/history/"

    problem(service.get(path, auth=reader), 403)
    assert service.get(path, auth=auditor).status_code == 200


def test_as_of_a_position_before_they_were_added_there_is_no_source_and_no_client(
    service: Service, fresh: Fresh
) -> None:
    name, earlier = f"lab-{fresh()}", service.post_webhook(kit_event(fresh(), f"K{fresh()}")).json()
    as_of = f"?as_of_position={earlier['position']}"
    source = f"/api/v1/sources/{name}/history/{as_of}"
    before = service.get(source)
    service.add_source(name)
    number, _ = service.add_client("reader")

    after = service.get(source)

    assert (before.status_code, after.status_code) == (404, 404)
    assert before.content == after.content
    assert service.get(f"/api/v1/clients/{number}/history/{as_of}").status_code == 404
    assert service.get(f"/api/v1/clients/{number}/history/").status_code == 200
