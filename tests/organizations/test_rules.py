"""What is decided about groups, and what is refused: given a tree, when something is asked, then events."""

from typing import Any

import pytest

from domain.errors import IdentifierTaken, InvalidField, UnknownOrganization
from tests.organizations.office import DEEP, NORTH, ROOT, SOUTH, Office

pytestmark = pytest.mark.one_store

FREED, TAKEN = "Claim.Freed", "Claim.Taken"


class Refused(Exception):
    """What a check of these tests raises."""


def test_the_root_makes_an_organization(office: Office) -> None:
    other = Office(office.ledger, organization=6)
    with pytest.raises(UnknownOrganization):
        other.put(7)

    group, path, new = other.put(6, name="Six")

    assert (group.name, group.parent_id, path, new) == ("Six", None, [6], True)
    assert office.topics == ["Group.Made"]


@pytest.mark.parametrize(
    ("group", "said", "parent", "path"),
    [
        (8, {}, ROOT, [ROOT, 8]),
        (8, {"parent_id": DEEP}, DEEP, [ROOT, NORTH, DEEP, 8]),
        (DEEP, {}, NORTH, [ROOT, NORTH, DEEP]),
        (DEEP, {"parent_id": NORTH}, NORTH, [ROOT, NORTH, DEEP]),
        (DEEP, {"parent_id": SOUTH}, SOUTH, [ROOT, SOUTH, DEEP]),
        (NORTH, {"parent_id": SOUTH}, SOUTH, [ROOT, SOUTH, NORTH]),
        (ROOT, {}, None, [ROOT]),
        (ROOT, {"parent_id": None}, None, [ROOT]),
    ],
)
def test_a_group_stands_below_its_parent(
    office: Office, group: int, said: dict[str, Any], parent: int | None, path: list[int]
) -> None:
    found, shown, _ = office.put(group, **said)
    assert (found.parent_id, shown) == (parent, path)
    again, shown_again, new = office.put(group)
    assert (again.parent_id, shown_again, new) == (parent, path, False)


@pytest.mark.parametrize(
    ("group", "parent"),
    [
        (ROOT, NORTH),
        (ROOT, ROOT),
        (NORTH, None),
        (NORTH, NORTH),
        (NORTH, DEEP),
        (NORTH, 99),
        (8, 8),
        (8, 99),
        (8, None),
    ],
    ids=str,
)
def test_a_parent_that_can_not_be_is_refused(
    office: Office, group: int, parent: int | None
) -> None:
    with pytest.raises(InvalidField) as refusal:
        office.put(group, name="Changed", parent_id=parent, identifier="changed")
    assert refusal.value.field == "parentID"
    assert office.topics == []


@pytest.mark.parametrize(
    ("said", "topics"),
    [
        ({}, []),
        ({"name": "South"}, ["Group.Renamed"]),
        ({"parent_id": ROOT}, []),
        ({"parent_id": NORTH}, ["Group.Moved", "GroupTree.Rearranged"]),
        ({"identifier": "south"}, []),
        ({"identifier": None}, ["Group.Identified", FREED]),
        ({"identifier": "warm"}, ["Group.Identified", FREED, TAKEN]),
        (
            {"name": "South", "parent_id": NORTH, "identifier": "warm"},
            [
                *("Group.Renamed", "Group.Moved", "Group.Identified"),
                *("GroupTree.Rearranged", FREED, TAKEN),
            ],
        ),
    ],
    ids=str,
)
def test_a_change_of_a_group_is_only_what_differs(
    office: Office, said: dict[str, Any], topics: list[str]
) -> None:
    office.put(SOUTH, **said)
    assert office.topics == topics


def test_an_identifier_belongs_to_one_group_until_it_is_given_up(office: Office) -> None:
    with pytest.raises(IdentifierTaken):
        office.put(SOUTH, name="Changed", identifier="north")
    with pytest.raises(IdentifierTaken):
        office.put(8, identifier="north")
    assert office.topics == []

    office.put(NORTH, identifier=None)
    found, _, _ = office.put(SOUTH, identifier="north")

    assert found.identifier == "north"
    assert office.register(identifier="north").group.group_id == SOUTH
    with pytest.raises(InvalidField):
        office.register(identifier="south")


def test_organizations_share_neither_groups_nor_identifiers(office: Office) -> None:
    other = Office(office.ledger, organization=6)
    other.put(6)

    group, _, _ = other.put(NORTH, identifier="north", name="Theirs")

    assert (group.organization_id, group.identifier) == (6, "north")
    assert office.put(NORTH)[0].name == "Group"
    with pytest.raises(InvalidField):
        other.register(group_id=SOUTH)
    with pytest.raises(InvalidField):
        other.register(identifier="south")
    with pytest.raises(InvalidField):
        other.put(8, parent_id=SOUTH)


def test_a_check_sees_the_present_and_forbids_the_change(office: Office) -> None:
    mine = office.register()
    office.look_away()
    seen: list[Any] = []

    def look(*state: Any) -> None:
        seen.append(state)
        raise Refused

    for ask in (
        lambda: office.put(DEEP, "Changed", look),
        lambda: office.put(8, "New", look),
        lambda: office.change(mine, look, type="provider"),
        lambda: office.deactivate(mine, look),
    ):
        with pytest.raises(Refused):
            ask()
    (group, path), nothing, (changed,), (deactivated,) = seen
    assert (group.name, path) == ("Group", [ROOT, NORTH, DEEP])
    assert nothing == ()
    for found in (changed, deactivated):
        assert (found.registration.type, found.group.group_id) == ("patient", NORTH)
    assert office.topics == []
