"""What operators do beside a running server: projections, quarantine, and the first start."""

import re
from typing import Any

import pytest

from tests.harness.service import Service
from tests.receiver.examples import Fresh, event_ids, held, kit_event, note, problem
from tests.receiver.test_cli import error, here, rows

PROJECTIONS = {"events", "kits", "reports", "kit-registrations"}


def test_projections_tell_their_position_and_lag(service: Service, fresh: Fresh) -> None:
    service.post_webhook(kit_event(fresh(), f"STATUS{fresh()}"))
    service.get("/api/v1/kits/")

    statuses = {row["name"]: row for row in rows(service, "projections", "status")}

    assert set(statuses) >= PROJECTIONS
    assert statuses["kits"]["position"] > 0
    assert {row["stopped_at"] for row in statuses.values()} == {None}
    assert "kit-registrations" in here(service, "projections", "status").stdout


@pytest.mark.parametrize("names", [["kits"], []], ids=["one", "all"])
def test_a_rebuild_gives_the_same_rows(service: Service, fresh: Fresh, names: list[str]) -> None:
    service.post_webhook(kit_event(fresh(), f"REBUILT{fresh()}"))
    lists = ["/api/v1/events/", "/api/v1/kits/", "/api/v1/reports/", "/api/v1/kit-registrations/"]
    before = [service.get(path, params={"limit": 1000}).json() for path in lists]

    done = service.cli("projections", "rebuild", *names)

    assert done.stdout.startswith("Rebuilt: ")
    assert set(re.findall(r"[\w-]+", done.stdout)) >= set(names or PROJECTIONS)
    assert [service.get(path, params={"limit": 1000}).json() for path in lists] == before
    service.post_webhook(kit_event(fresh(), "ZZ-AFTER-REBUILD"))
    assert service.get("/api/v1/kits/ZZ-AFTER-REBUILD/").status_code == 200


@pytest.fixture
def conflict(service: Service, fresh: Fresh) -> dict[str, Any]:
    """Give the refusal of an event that says of a kit what another event with its id does not."""
    event_id, barcode = fresh(), f"CONFLICT{fresh()}"
    service.post_webhook(kit_event(event_id, barcode, "KIT_SHIPPED"))
    refusal = problem(service.post_webhook(kit_event(event_id, barcode, "KIT_FAILED")), 409)
    return {**refusal, "barcode": barcode}


def status_of(service: Service, conflict: dict[str, Any]) -> Any:
    return service.get(f"/api/v1/kits/{conflict['barcode']}/").json()["status"]


def test_the_quarantine_lists_what_is_held(service: Service, conflict: dict[str, Any]) -> None:
    listed = {row["id"]: row for row in rows(service, "quarantine", "list")}

    row = listed[conflict["quarantine"]]
    assert (row["source"], row["reason"], row["state"]) == ("lab", "conflict", "held")
    assert row["event_id"] == conflict["id"]
    assert str(row["id"]) in here(service, "quarantine", "list").stdout


def test_what_is_held_can_be_shown_to_people_too(service: Service) -> None:
    refusal = problem(service.post_webhook(b"h\xe9llo \x1b[31m"), 400)

    shown = service.cli("quarantine", "show", str(refusal["quarantine"])).stdout

    assert "reason: not-json" in shown
    assert "h\\xe9llo" in shown


def test_releasing_a_conflict_shows_what_it_would_replace_and_asks(
    service: Service, conflict: dict[str, Any]
) -> None:
    number = str(conflict["quarantine"])

    refused = service.cli("quarantine", "release", number, check=False, given="n\n")

    assert refused.returncode == 1
    assert re.search(r"recorded: .*KIT_SHIPPED", refused.stdout)
    assert re.search(r"held: .*KIT_FAILED", refused.stdout)
    assert (status_of(service, conflict), held(service, conflict)["state"]) == (
        "KIT_SHIPPED",
        "held",
    )

    service.cli("quarantine", "release", number, given="y\n")

    assert status_of(service, conflict) == "KIT_FAILED"
    assert held(service, conflict)["state"] == "released"


def test_a_release_may_be_meant_from_the_start(service: Service, conflict: dict[str, Any]) -> None:
    service.cli("quarantine", "release", str(conflict["quarantine"]), "--yes")

    assert status_of(service, conflict) == "KIT_FAILED"
    listed = [row["id"] for row in rows(service, "quarantine", "list")]
    everything = [row["id"] for row in rows(service, "quarantine", "list", "--all")]
    assert conflict["quarantine"] not in listed
    assert conflict["quarantine"] in everything


def test_what_is_still_unfit_is_not_released(service: Service) -> None:
    refusal = problem(service.post_webhook(b"still not json"), 400)

    done = here(service, "quarantine", "release", str(refusal["quarantine"]))

    assert "not-json" in error(done)
    assert held(service, refusal)["state"] == "held"


def test_what_is_discarded_is_kept_and_closed(service: Service, conflict: dict[str, Any]) -> None:
    number = str(conflict["quarantine"])

    service.cli("quarantine", "discard", number, "--why", "sent twice by mistake")

    assert held(service, conflict)["state"] == "discarded"
    assert status_of(service, conflict) == "KIT_SHIPPED"
    for again in (["release", number, "--yes"], ["discard", number, "--why", "again"]):
        assert "discarded" in error(here(service, "quarantine", *again))


def test_an_envelope_of_an_array_can_be_released_by_itself(service: Service, fresh: Fresh) -> None:
    taken = note(fresh())
    service.post_webhook(taken)
    other = {**taken, "type": f"note.replaced.{fresh()}"}
    results = service.post_webhook([note(fresh()), other]).json()["results"]

    service.cli("quarantine", "release", str(results[1]["quarantine"]), "--yes")

    assert event_ids(service, type=other["type"]) == [taken["id"]]
