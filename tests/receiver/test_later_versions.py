"""Events that only a later version can read, as after a rollback: they are shown, and stop nothing else."""

from contextlib import closing
from datetime import UTC, datetime

import pytest
from eventsourcing.persistence import StoredEvent

from tests.conftest import NewService
from tests.harness.ledgers import open_ledger, recorder_of
from tests.harness.service import Service
from tests.organizations.camp import Camp
from tests.receiver.examples import kit_event, problem

ROOT = 21437
UNREADABLE = b"\xc1"
NEWER = b"\x81\xadclass_version\x09"
"""A state of a shape that is not known here."""
REVIEWS = "/api/v1/audit/reviews/"
REGISTRATION = f"/api/organizations/{ROOT}/profiles/7/registrations/1"


@pytest.fixture
def service(new_service: NewService) -> Service:
    """Give a service that a later version has written to."""
    started = new_service(1).start()
    camp = Camp(started, ROOT)
    camp.make()
    new = {"groupID": ROOT, "type": "patient"}
    assert started.post(camp.path("profiles/7/registrations"), new).json()["id"] == 1
    assert started.post_webhook(kit_event(1, "UL1")).status_code == 202
    assert started.post(REVIEWS, {"from": 1, "to": 2, "finding": "fine"}).status_code == 201
    later = [
        StoredEvent("kit/UL1", 2, "Kit.Teleported", UNREADABLE),
        StoredEvent("freezer/7", 1, "Freezer.Opened", UNREADABLE),
        StoredEvent("registration/1", 2, "Registration.Moved", UNREADABLE),
        StoredEvent("review/1", 2, "Review.Recorded", NEWER),
        StoredEvent("client/by-name", 1, "Client.Added", UNREADABLE),
        StoredEvent("source/lab", 3, "Source.Warped", UNREADABLE),
        StoredEvent(f"group/{ROOT}/{ROOT}", 2, "Group.Painted", UNREADABLE),
    ]
    with closing(open_ledger(started.environment["DATABASE_URL"])) as ledger:
        recorder_of(ledger).insert_events(later)
    return started


def test_they_are_told_and_hinder_only_what_must_know_them(service: Service) -> None:
    log = service.get("/api/v1/audit/log/").json()
    assert {"kind": "client", "id": "by-name"} in [each["subject"] for each in log]
    assert log[-1]["event"] == "Group.Painted"
    for path in (f"{REGISTRATION}/history", "/api/v1/kits/UL1/history/"):
        assert [each["changes"] for each in service.get(path).json()][-1] == []
    assert len(service.get(REVIEWS).json()["reviews"]) == 1
    refusal = problem(
        service.request("PUT", f"/api/organizations/{ROOT}/groups/{ROOT}", json={"name": "x"}), 503
    )
    assert "later" in refusal["detail"]


@pytest.mark.parametrize(
    "query", ["kind=kit", "event=Kit.Teleported", "kind=kit&event=Kit.Teleported"]
)
def test_the_log_finds_them_by_what_they_are(service: Service, query: str) -> None:
    found = service.get(f"/api/v1/audit/log/?{query}").json()

    assert (found[-1]["event"], found[-1]["subject"]["id"]) == ("Kit.Teleported", "UL1")


def test_the_log_finds_kinds_that_only_they_have(service: Service) -> None:
    [found] = service.get("/api/v1/audit/log/?kind=freezer").json()

    assert found["subject"] == {"kind": "freezer", "id": "7"}


def test_commands_say_so_on_one_line(service: Service) -> None:
    assert "Group.Painted" in service.here("replay").stdout
    assert service.here("audit", "reconcile").exit_code == 0
    now = datetime.now(UTC).isoformat()
    for words in (("replay", "--kit", "UL1", "--as-of", now), ("sources", "rotate", "lab")):
        done = service.here(*words, check=False)
        assert done.exit_code == 1
        assert "can't be decoded" in done.stderr.splitlines()[-1]
        assert done.stderr.startswith("Error: ")
