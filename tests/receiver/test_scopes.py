"""An auditor of one organization sees that one alone, on every route that reads."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.service import Credentials, Service
from tests.organizations.camp import Camp
from tests.receiver.examples import Fresh, kit_event, position, problem, report_event

NARROWED = {"/api/v1/audit/log/", "/api/v1/audit/reviews/"}
"""Routes that answer for the client's organization, without naming it."""
Ids = dict[str, str | int]


def make_camp(service: Service, fresh: Fresh) -> tuple[Camp, Ids]:
    """Make an organization with a registration that was changed, and return what a path may name of it."""
    camp = Camp(service, fresh())
    camp.make(name="Camp")
    camp.make(fresh(), groupIdentifier="tents")
    made = camp.register(fresh(), camp.root)
    camp.deactivate(made)
    named = {
        "organization_id": camp.root,
        "group_id": camp.root,
        "profile_id": made["profileID"],
        "registration_id": made["id"],
    }
    return camp, named


@pytest.fixture(scope="module")
def world(service: Service, fresh: Fresh) -> dict[str, Any]:
    """Make two organizations, one of which has an auditor, and a thing of each other kind."""
    (own, own_ids), (_, other_ids) = make_camp(service, fresh), make_camp(service, fresh)
    kit, report = f"K-{fresh()}", fresh()
    sent = service.post_webhook([kit_event(fresh(), kit), report_event(fresh(), report)])
    body = {"customer": fresh(), "kit": kit}
    registered = service.post("/api/v1/kit-registrations/", body).json()["id"]
    bound = ("--organization", str(own.root))
    auditor = service.add_client("reader", "auditor", options=bound)
    found = {"from": 1, "to": 1, "finding": "nothing"}
    service.here("audit", "key")
    service.here("audit", "checkpoint")
    things = {
        "review_id": service.post("/api/v1/audit/reviews/", found).json()["id"],
        "barcode": kit,
        "report_id": report,
        "name": "lab",
        "client_id": auditor[0],
        "position": sent.json()["results"][0]["position"],
        "registration_id": registered,
        "tile": "tile/0/000.p/1",
    }
    return {"own": own_ids, "other": other_ids, "things": things, "auditor": auditor}


@pytest.fixture(scope="module")
def reads(service: Service) -> list[str]:
    """Give the path of every GET in the OpenAPI document that asks for credentials."""
    paths = service.get("/openapi.json").json()["paths"]
    return [path for path, item in paths.items() if item.get("get", {}).get("security")]


def filled(paths: list[str], ids: Ids, *, inside: bool) -> Iterator[str]:
    """Yield paths with their ids: those within an organization, or all others."""
    for path in paths:
        if ("{organization_id}" in path) is inside:
            # A route with an id that is new here needs an example of it above.
            yield path.format(**ids)


def statuses(service: Service, paths: Iterator[str], auth: Credentials) -> dict[str, int]:
    return {path: service.get(path, auth=auth).status_code for path in paths}


def test_an_auditor_of_an_organization_sees_all_of_it(
    service: Service, world: dict[str, Any], reads: list[str]
) -> None:
    found = statuses(service, filled(reads, world["own"], inside=True), world["auditor"])

    assert len([path for path in found if path.rstrip("/").endswith("history")]) == 2
    assert set(found.values()) == {200}, found


def test_nothing_of_another_organization_is_found(
    service: Service, world: dict[str, Any], reads: list[str]
) -> None:
    others = filled(reads, world["other"], inside=True)

    found = statuses(service, others, world["auditor"])

    assert set(found.values()) == {404}, found


def test_ids_of_another_organization_find_nothing_in_ones_own(
    service: Service, world: dict[str, Any], reads: list[str]
) -> None:
    mixed = {**world["other"], "organization_id": world["own"]["organization_id"]}
    named = [path for path in reads if "{group_id}" in path or "{profile_id}" in path]

    for path in filled(named, mixed, inside=True):
        answer = service.get(path, auth=world["auditor"])
        assert answer.status_code == 404 or answer.json() == [], f"{path}: {answer.text}"


def test_what_belongs_to_no_organization_is_not_found(
    service: Service, world: dict[str, Any], reads: list[str]
) -> None:
    closed = [path for path in reads if path not in NARROWED]
    paths = list(filled(closed, world["things"], inside=False))
    assert len([path for path in paths if path.endswith("/history/")]) == 6

    assert set(statuses(service, iter(paths), service.admin).values()) == {200}
    for path in paths:
        problem(service.get(path, auth=world["auditor"]), 404)
        as_of = {"as_of_position": position(service)}
        problem(service.get(path, auth=world["auditor"], params=as_of), 404)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"has_reason": "false"},
        {"by": "client:1"},
        {"kind": "registration"},
        {"event": "Group.Made"},
        {"kind": "kit"},
        {"since": "2020-01-01"},
    ],
    ids=str,
)
def test_the_log_has_the_events_of_the_organization_alone(
    service: Service, world: dict[str, Any], query: dict[str, str]
) -> None:
    own = world["own"]["organization_id"]
    groups = {str(own), str(world["own"]["registration_id"])}

    found = service.get("/api/v1/audit/log/", auth=world["auditor"], params=query).json()

    for entry in found:
        parts = set(str(entry["subject"]["id"]).split("/"))
        assert parts & groups, entry
    assert (found == []) is (query == {"kind": "kit"})
    assert len(found) < len(service.get("/api/v1/audit/log/", params=query).json())
