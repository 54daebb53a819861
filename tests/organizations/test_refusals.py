"""Whatever is refused, says why in its status and writes nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.organizations.camp import PATIENT, PROVIDER, Camp
from tests.organizations.place import DEEP, MINE, NORTH, POST, SOUTH, UNKNOWN, Case, Place
from tests.receiver.examples import problem

pytestmark = pytest.mark.one_store

NEW = {"groupID": SOUTH, "type": PROVIDER}
OTHERS = "profiles/71/registrations/{patient}"
NOBODY = "profiles/70/registrations/{nobody}"


@pytest.mark.parametrize(
    "case",
    [
        ("GET", "groups/9", None),
        ("GET", "groups/9/registrations", None),
        ("GET", NOBODY, None),
        ("GET", OTHERS, None),
        ("GET", "profiles/70/registrations/{other}", None),
        ("PUT", NOBODY, {}),
        ("PUT", OTHERS, {"type": PROVIDER}),
        ("DELETE", NOBODY, None),
        ("DELETE", OTHERS, None),
        ("GET", "groups/north", None),
        ("GET", f"groups/{2**53}", None),
        ("GET", "groups/-1", None),
        ("PUT", "profiles/x/registrations/{patient}", {}),
        ("GET", "profiles", None),
        ("GET", "", None),
    ],
    ids=str,
)
def test_what_is_not_there_is_not_found(place: Place, case: Case) -> None:
    place.refused(case, 404)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "groups", None),
        ("GET", "groups/1", None),
        ("GET", "groups/1/registrations", None),
        ("GET", POST, None),
        ("GET", MINE, None),
        ("POST", POST, NEW),
        ("PUT", MINE, {}),
        ("DELETE", MINE, None),
        ("PUT", "groups/1", {"name": "North"}),
    ],
)
def test_an_organization_that_nobody_made_has_nothing(
    place: Place, fresh: Callable[[], int], method: str, path: str, body: Any
) -> None:
    nowhere = Camp(place.camp.service, fresh())

    problem(nowhere.ask(method, place.path(path), body), 404)

    place.make_sure()


@pytest.mark.parametrize(
    "case",
    [
        ("POST", POST, {"groupID": NORTH, "type": PATIENT}),
        ("POST", POST, {"groupIdentifier": "north", "type": PATIENT}),
        ("POST", POST, {"groupIdentifier": "north", "groupID": DEEP, "type": PATIENT}),
        ("POST", POST, {"groupIdentifier": None, "groupID": NORTH, "type": PATIENT}),
        ("PUT", "profiles/70/registrations/{southern}", {"groupID": NORTH}),
        ("PUT", "profiles/70/registrations/{southern}", {"groupIdentifier": "north"}),
        ("PUT", "profiles/70/registrations/{provider}", {"type": PATIENT}),
        ("PUT", "profiles/70/registrations/{provider}", {"groupID": SOUTH, "type": PATIENT}),
        ("PUT", "profiles/70/registrations/{gone}", {"deactivated": None}),
        ("PUT", "profiles/70/registrations/{gone}", {"deactivated": None, "groupID": SOUTH}),
        ("PUT", "groups/2", {"name": "South", "groupIdentifier": "north"}),
        ("PUT", "groups/2", {"name": "Sun", "groupIdentifier": "north", "parentID": NORTH}),
        ("PUT", "groups/9", {"name": "New", "groupIdentifier": "north"}),
        ("PUT", "groups/{root}", {"name": "Camp", "groupIdentifier": "south"}),
    ],
    ids=str,
)
def test_what_another_has_already_is_a_conflict(place: Place, case: Case) -> None:
    assert "errors" not in place.refused(case, 409)


@pytest.mark.parametrize(
    ("case", "field"),
    [
        (("POST", POST, {"groupID": UNKNOWN, "type": PATIENT}), "groupID"),
        (("POST", POST, {"groupIdentifier": "cold", "type": PATIENT}), "groupIdentifier"),
        (
            ("POST", POST, {"groupIdentifier": "cold", "groupID": SOUTH, "type": PROVIDER}),
            "groupIdentifier",
        ),
        (("POST", POST, {"groupIdentifier": "", "type": PATIENT}), "groupIdentifier"),
        (("POST", POST, {"groupIdentifier": "a\0", "type": PATIENT}), "groupIdentifier"),
        (("POST", POST, {"groupIdentifier": 5, "type": PATIENT}), "groupIdentifier"),
        (("POST", POST, {"type": PATIENT}), "groupID"),
        (("POST", POST, {"groupIdentifier": None, "type": PATIENT}), "groupID"),
        (("POST", POST, {"groupID": None, "type": PATIENT}), "groupID"),
        (("POST", POST, {"groupID": "2", "type": PATIENT}), "groupID"),
        (("POST", POST, {"groupID": True, "type": PATIENT}), "groupID"),
        (("POST", POST, {"groupID": 2.0, "type": PATIENT}), "groupID"),
        (("POST", POST, {"groupID": -1, "type": PATIENT}), "groupID"),
        (("POST", POST, {"groupID": 2**63, "type": PATIENT}), "groupID"),
        (("POST", POST, {"groupID": SOUTH}), "type"),
        (("POST", POST, {"groupID": SOUTH, "type": None}), "type"),
        (("POST", POST, {"groupID": SOUTH, "type": "nurse"}), "type"),
        (("POST", POST, {"groupID": SOUTH, "type": "Patient"}), "type"),
        (("POST", POST, {"groupID": SOUTH, "type": 1}), "type"),
        (("PUT", MINE, {"groupID": UNKNOWN}), "groupID"),
        (("PUT", MINE, {"groupIdentifier": "cold", "groupID": SOUTH}), "groupIdentifier"),
        (("PUT", MINE, {"groupID": None}), "groupID"),
        (("PUT", MINE, {"groupIdentifier": None, "groupID": None}), "groupID"),
        (("PUT", MINE, {"type": None}), "type"),
        (("PUT", MINE, {"type": "nurse", "groupID": SOUTH}), "type"),
        (("PUT", MINE, {"deactivated": "soon"}), "deactivated"),
        (("PUT", MINE, {"deactivated": "2018-13-01 00:00:00"}), "deactivated"),
        (("PUT", MINE, {"deactivated": 1514764800}), "deactivated"),
        (("PUT", MINE, {"deactivated": True}), "deactivated"),
        (("PUT", "groups/2", {}), "name"),
        (("PUT", "groups/2", {"name": None}), "name"),
        (("PUT", "groups/2", {"name": ""}), "name"),
        (("PUT", "groups/2", {"name": 5}), "name"),
        (("PUT", "groups/2", {"name": "x" * 256}), "name"),
        (("PUT", "groups/2", {"name": "Sun", "groupIdentifier": ""}), "groupIdentifier"),
        (("PUT", "groups/2", {"name": "Sun", "parentID": UNKNOWN}), "parentID"),
        (("PUT", "groups/2", {"name": "Sun", "parentID": None}), "parentID"),
        (("PUT", "groups/2", {"name": "Sun", "parentID": "1"}), "parentID"),
        (("PUT", "groups/2", {"name": "Sun", "parentID": SOUTH}), "parentID"),
        (("PUT", "groups/1", {"name": "Sun", "parentID": DEEP}), "parentID"),
        (("PUT", "groups/9", {"name": "New", "parentID": UNKNOWN}), "parentID"),
        (("PUT", "groups/9", {"name": "New", "parentID": 8}), "parentID"),
        (("PUT", "groups/{root}", {"name": "Camp", "parentID": NORTH}), "parentID"),
        (("PUT", "groups/{root}", {"name": "Camp", "parentID": UNKNOWN}), "parentID"),
    ],
    ids=str,
)
def test_a_field_that_can_not_be_is_named(place: Place, case: Case, field: str) -> None:
    assert list(place.refused(case, 422)["errors"]) == [field]


@pytest.mark.parametrize("path", [MINE, "groups/2"])
@pytest.mark.parametrize("body", [[], "text", 5, None])
def test_a_body_that_is_no_object_is_refused(place: Place, path: str, body: Any) -> None:
    place.refused(("PUT", path, json.dumps(body).encode()), 422)
