"""Groups are made, renamed, moved and named anew, and everything registered to them shows it at once."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.service import Service
from tests.organizations.camp import PATIENT, PROVIDER, Camp, expect, where
from tests.receiver.examples import pages, position

NORTH, SOUTH, DEEP, DEEPER = 1, 2, 3, 4


@pytest.fixture
def tree(camp: Camp) -> Camp:
    """Make NORTH and SOUTH, DEEP below NORTH, DEEPER below that, and a registration to each."""
    camp.make(NORTH, name="North", groupIdentifier="north")
    camp.make(SOUTH, name="South")
    camp.make(DEEP, name="Deep", parentID=NORTH)
    camp.make(DEEPER, name="Deeper", parentID=DEEP)
    for group in (camp.root, NORTH, SOUTH, DEEP, DEEPER):
        camp.register(70, group)
    return camp


def path_of(camp: Camp, group: int) -> list[int]:
    """Return the groups from the root to this one."""
    parents: list[int] = camp.get(f"groups/{group}")["parents"]
    return parents


def groups_below(camp: Camp, group: int) -> list[int]:
    """Return the groups of the registrations to a group and to all below it."""
    return [each["groupID"] for each in camp.get(f"groups/{group}/registrations")]


def shown(camp: Camp, group: int) -> set[tuple[str, str | None]]:
    """Return the names of a group in every place where a registration to it is shown."""
    below = camp.get("groups/{root}/registrations")
    lists = [
        below,
        camp.get("profiles/70/registrations"),
        camp.get(f"groups/{group}/registrations"),
    ]
    lists.append([camp.get(where(each)) for each in below])
    found = [each for listed in lists for each in listed if each["groupID"] == group]
    assert len(found) >= len(lists)
    return {(each["groupName"], each["groupIdentifier"]) for each in found}


def test_a_group_is_shown_as_it_was_made(camp: Camp) -> None:
    root = {"name": "Camp", "parentID": None, "parents": [camp.root], "groupIdentifier": None}
    made = camp.put_group(NORTH, name="Nørth ☃", groupIdentifier="a/b c?", parentID=camp.root)

    assert made.status_code == 201
    parents = [camp.root, NORTH]
    north = {
        "name": "Nørth ☃",
        "parentID": camp.root,
        "parents": parents,
        "groupIdentifier": "a/b c?",
    }
    assert list(made.json().items()) == list(({"id": NORTH} | north).items())
    assert camp.get(f"groups/{NORTH}") == made.json()
    assert camp.get("groups") == [{"id": NORTH} | north, {"id": camp.root} | root]
    assert (
        camp.ask(
            "POST", "profiles/70/registrations", {"groupIdentifier": "a/b c?", "type": PROVIDER}
        ).status_code
        == 201
    )


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ({}, {"groupIdentifier": "north"}),
        ({"groupIdentifier": None}, {"groupIdentifier": None}),
        ({"groupIdentifier": "polar"}, {"groupIdentifier": "polar"}),
        ({"id": 99, "parents": [], "unknown": {}, "groupName": "x"}, {"groupIdentifier": "north"}),
    ],
    ids=str,
)
def test_what_is_not_said_of_a_group_stays(
    tree: Camp, said: dict[str, Any], left: dict[str, Any]
) -> None:
    before = tree.get(f"groups/{DEEP}")
    assert tree.change_group(DEEP, name="Deep", groupIdentifier=None) == before

    changed = tree.change_group(NORTH, name="Arctic", **said)

    assert changed == tree.get(f"groups/{NORTH}")
    assert changed == {
        "id": NORTH,
        "name": "Arctic",
        "parentID": tree.root,
        "parents": [tree.root, NORTH],
        **left,
    }


@pytest.mark.parametrize("group", [NORTH, SOUTH, DEEPER, None])
def test_a_group_put_as_it_is_shown_stays_as_it_is(
    tree: Camp, service: Service, group: int | None
) -> None:
    number = tree.root if group is None else group
    seen = tree.ask("GET", f"groups/{number}")
    before = position(service)

    again = expect(tree.put_group(number, **seen.json()), 200)

    assert (again.json(), again.headers["etag"]) == (seen.json(), seen.headers["etag"])
    assert position(service) == before


def test_an_identifier_given_up_is_free_for_another_group(tree: Camp) -> None:
    tree.change_group(NORTH, name="North", groupIdentifier="arctic")
    tree.change_group(SOUTH, name="South", groupIdentifier="north")
    tree.change_group(NORTH, name="North", groupIdentifier=None)
    tree.change_group(DEEP, name="Deep", groupIdentifier="arctic")
    tree.make(9, groupIdentifier="North")

    identifiers = {each["id"]: each["groupIdentifier"] for each in tree.get("groups")}
    assert identifiers == {
        NORTH: None,
        SOUTH: "north",
        DEEP: "arctic",
        DEEPER: None,
        9: "North",
        tree.root: None,
    }
    for identifier, group in (("north", SOUTH), ("arctic", DEEP), ("North", 9)):
        body = {"groupIdentifier": identifier, "type": PROVIDER}
        made = expect(tree.ask("POST", "profiles/71/registrations", body), 201).json()
        assert made["groupID"] == group


@pytest.mark.parametrize(
    ("change", "events"),
    [
        ({"name": "Arctic"}, 1),
        ({"name": "North", "groupIdentifier": "arctic"}, 3),
        ({"name": "North", "groupIdentifier": None}, 2),
        ({"name": "Arctic", "groupIdentifier": "arctic"}, 4),
    ],
)
def test_a_name_is_new_everywhere_at_once_and_costs_no_event_on_any_registration(
    tree: Camp, service: Service, change: dict[str, Any], events: int
) -> None:
    for profile in range(100, 120):
        tree.register(profile, NORTH)
    before, updated = position(service), tree.get("profiles/70/registrations")

    tree.change_group(NORTH, **change)

    assert shown(tree, NORTH) == {(change["name"], change.get("groupIdentifier", "north"))}
    assert position(service) - before == events
    now = tree.get("profiles/70/registrations")
    assert [each["updated"] for each in now] == [each["updated"] for each in updated]


def test_a_group_moves_with_all_below_it_at_once(tree: Camp, service: Service) -> None:
    for profile in range(100, 120):
        tree.register(profile, DEEPER)
    before, deepest = position(service), tree.below(DEEPER)

    moved = tree.change_group(DEEP, name="Deep", parentID=SOUTH)

    assert moved["parents"] == [tree.root, SOUTH, DEEP]
    assert path_of(tree, DEEPER) == [tree.root, SOUTH, DEEP, DEEPER]
    assert groups_below(tree, NORTH) == [NORTH]
    assert groups_below(tree, SOUTH) == [SOUTH, DEEP, DEEPER, *[DEEPER] * 20]
    assert tree.below(DEEPER) == deepest
    assert len(tree.below(tree.root)) == 25
    assert position(service) - before == 2


def test_a_group_may_go_anywhere_but_below_itself(tree: Camp) -> None:
    steps = [(DEEP, tree.root), (NORTH, DEEPER), (SOUTH, NORTH), (DEEPER, tree.root), (NORTH, DEEP)]
    for group, parent in steps:
        moved = tree.change_group(group, name="Moved", parentID=parent)
        assert moved["parents"] == [*path_of(tree, parent), group]
    for group, above in ((DEEP, SOUTH), (DEEP, NORTH), (NORTH, NORTH), (tree.root, DEEP)):
        assert tree.put_group(group, name="Moved", parentID=above).status_code == 422
    assert {each["id"]: each["parents"][1:] for each in tree.get("groups")} == {
        NORTH: [DEEP, NORTH],
        SOUTH: [DEEP, NORTH, SOUTH],
        DEEP: [DEEP],
        DEEPER: [DEEPER],
        tree.root: [],
    }
    assert groups_below(tree, DEEP) == [NORTH, SOUTH, DEEP]


def test_a_registration_that_moves_is_listed_where_it_is_now(tree: Camp) -> None:
    made = tree.register(71, DEEPER)
    for group, lists in ((SOUTH, {SOUTH}), (DEEP, {NORTH, DEEP}), (NORTH, {NORTH})):
        changed = tree.change(made, groupID=group)
        assert (changed["groupID"], changed["groupName"]) == (
            group,
            tree.get(f"groups/{group}")["name"],
        )
        found = {each for each in (NORTH, SOUTH, DEEP, DEEPER) if made["id"] in tree.below(each)}
        assert found == lists
        assert made["id"] in tree.below(tree.root)


def test_what_is_deactivated_stays_in_the_lists_of_its_group(tree: Camp) -> None:
    made = tree.register(71, DEEP)
    tree.deactivate(made)
    tree.change_group(DEEP, name="Abyss", parentID=SOUTH)
    listed = [
        each for each in tree.get(f"groups/{SOUTH}/registrations") if each["id"] == made["id"]
    ]
    assert [(each["groupName"], each["deactivated"] is None) for each in listed] == [
        ("Abyss", False)
    ]


def test_groups_are_listed_in_pages_by_id(camp: Camp, service: Service) -> None:
    for group in (30, 10, 20, 40, 5):
        camp.make(group)
    listed = pages(service, camp.path("groups"), limit=2)
    assert [[each["id"] for each in page] for page in listed] == [
        [5, 10],
        [20, 30],
        [40, camp.root],
    ]
    assert pages(service, camp.path("groups/"), limit=1000) == [camp.get("groups")]


def test_who_wants_none_to_exist_makes_what_does_not(
    service: Service, fresh: Callable[[], int]
) -> None:
    camp = Camp(service, fresh())
    absent = {"if-none-match": "*"}
    made = expect(camp.ask("PUT", "groups/{root}", {"name": "Camp"}, headers=absent), 201)
    assert made.headers["location"] == camp.path("groups/{root}")
    new, where = {"groupID": camp.root, "type": PATIENT}, "profiles/7/registrations"
    expect(camp.ask("POST", where, new, headers={"if-match": "*"}), 412)
    expect(camp.ask("POST", where, new, headers=absent), 201)
