"""What is decided about registrations, and what is refused, each time with the events that follow."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.aggregates.registration import Registration
from domain.errors import AlreadyRegistered, InvalidField, UnknownOrganization, UnknownRegistration
from domain.use_cases import registration_lookup
from tests.organizations.office import DEEP, NORTH, ROOT, SOUTH, Office, at

pytestmark = pytest.mark.one_store

FREED, TAKEN = "Claim.Freed", "Claim.Taken"
THEN = datetime(2018, 1, 1, 23, 32, 47, 123000, tzinfo=UTC)


def test_a_registration_says_who_is_where_as_what_and_since_when(office: Office) -> None:
    made = office.register(type="provider", group_id=DEEP)

    one = made.registration
    assert (one.organization_id, one.profile_id, one.group_id, one.type) == (
        ROOT,
        70,
        DEEP,
        "provider",
    )
    assert one.created == one.updated == at(office.hours)
    assert one.deactivated is None
    assert made.group.group_id == DEEP
    assert office.topics == ["Registration.Registered", TAKEN]


def test_the_identifier_wins_over_the_id(office: Office) -> None:
    assert office.register(identifier="south", group_id=NORTH).group.group_id == SOUTH
    mine = office.register()
    assert (
        office.change(mine, identifier="south", group_id=DEEP, type="provider").group.group_id
        == SOUTH
    )


@pytest.mark.parametrize(
    ("group", "field"),
    [({"group_id": 99}, "groupID"), ({"identifier": "cold", "group_id": NORTH}, "groupIdentifier")],
)
def test_an_unknown_group_is_refused_by_its_field(
    office: Office, group: dict[str, Any], field: str
) -> None:
    mine = office.register()
    office.look_away()
    for ask in (lambda: office.register(71, **group), lambda: office.change(mine, **group)):
        with pytest.raises(InvalidField) as refusal:
            ask()
        assert refusal.value.field == field
    assert office.topics == []


@pytest.mark.parametrize(
    ("said", "topics"),
    [
        ({}, []),
        ({"group_id": NORTH}, []),
        ({"identifier": "north"}, []),
        ({"type": "patient"}, []),
        ({"deactivated": None}, []),
        ({"group_id": SOUTH}, ["Registration.Moved", FREED, TAKEN]),
        ({"type": "provider"}, ["Registration.TypeChanged", FREED, TAKEN]),
        ({"deactivated": THEN}, ["Registration.Deactivated", FREED]),
        (
            {"group_id": SOUTH, "type": "provider"},
            ["Registration.Moved", "Registration.TypeChanged", FREED, TAKEN],
        ),
        (
            {"group_id": SOUTH, "deactivated": THEN},
            ["Registration.Moved", "Registration.Deactivated", FREED],
        ),
    ],
    ids=str,
)
def test_a_change_of_an_active_registration_is_only_what_differs(
    office: Office, said: dict[str, Any], topics: list[str]
) -> None:
    made = office.register()
    before = at(office.hours)
    office.look_away()

    changed = office.change(made, **said)

    assert office.topics == topics
    wanted = {"group_id": NORTH, "type": "patient", "deactivated": None} | said
    wanted = {name: value for name, value in wanted.items() if name != "identifier"}
    assert {name: getattr(changed.registration, name) for name in wanted} == wanted
    assert changed.registration.created == made.registration.created
    assert changed.registration.updated == (at(office.hours) if topics else before)


@pytest.mark.parametrize(
    ("said", "topics"),
    [
        ({}, []),
        ({"deactivated": THEN}, []),
        ({"deactivated": at(9)}, ["Registration.Deactivated"]),
        ({"deactivated": None}, ["Registration.Reactivated", TAKEN]),
        (
            {"group_id": SOUTH, "type": "provider"},
            ["Registration.Moved", "Registration.TypeChanged"],
        ),
        (
            {"group_id": SOUTH, "deactivated": None},
            ["Registration.Moved", "Registration.Reactivated", TAKEN],
        ),
    ],
    ids=str,
)
def test_a_change_of_an_inactive_registration_takes_a_place_only_when_it_reactivates(
    office: Office, said: dict[str, Any], topics: list[str]
) -> None:
    made = office.change(office.register(), deactivated=THEN)
    office.look_away()

    changed = office.change(made, **said)

    assert office.topics == topics
    assert changed.registration.deactivated == said.get("deactivated", THEN)


def test_a_deactivation_is_now_and_again_it_changes_nothing(office: Office) -> None:
    made = office.register()
    office.look_away()

    first = office.deactivate(made).registration
    assert first.deactivated == first.updated == at(office.hours)
    assert office.topics == ["Registration.Deactivated", FREED]

    office.look_away()
    assert vars(office.deactivate(made).registration) == vars(first)
    assert office.topics == []


TWINS: list[dict[str, Any]] = [
    {"group_id": NORTH},
    {"identifier": "north"},
    {"type": "patient", "group_id": NORTH},
]


@pytest.mark.parametrize("said", TWINS, ids=str)
def test_an_active_registration_has_no_twin(office: Office, said: dict[str, Any]) -> None:
    office.register()
    in_south = office.register(group_id=SOUTH)
    office.look_away()

    group = {name: value for name, value in said.items() if name != "type"}
    for ask in (lambda: office.register(**group), lambda: office.change(in_south, **said)):
        with pytest.raises(AlreadyRegistered):
            ask()
    assert office.topics == []


def test_nothing_changes_or_comes_back_onto_an_active_twin(office: Office) -> None:
    gone = office.deactivate(office.register())
    provider = office.register(type="provider")
    twin = office.register()
    office.look_away()

    for ask in (
        lambda: office.change(gone, deactivated=None),
        lambda: office.change(provider, type="patient"),
        lambda: office.change(provider, type="patient", group_id=NORTH),
    ):
        with pytest.raises(AlreadyRegistered):
            ask()
    assert office.topics == []

    office.deactivate(twin)
    assert office.change(gone, deactivated=None).registration.deactivated is None
    with pytest.raises(AlreadyRegistered):
        office.change(twin, deactivated=None)


@pytest.mark.parametrize(
    "other",
    [{"profile": 71}, {"type": "provider"}, {"group_id": SOUTH}, {"group_id": DEEP}],
    ids=str,
)
def test_a_registration_of_another_profile_type_or_group_is_no_twin(
    office: Office, other: dict[str, Any]
) -> None:
    first = office.register()
    second = office.register(**other)
    assert first.registration.registration_id < second.registration.registration_id


def test_a_registration_is_found_by_its_organization_and_profile_alone(office: Office) -> None:
    made = office.register()
    number = made.registration.registration_id
    other = Office(office.ledger, organization=6)
    with pytest.raises(UnknownOrganization):
        registration_lookup.find_registration(other.ledger.streams, 6, 70, number)
    with pytest.raises(UnknownOrganization):
        other.register()
    other.put(6)
    for which in ((6, 70, number), (ROOT, 71, number), (ROOT, 70, number + 1)):
        with pytest.raises(UnknownRegistration):
            registration_lookup.find_registration(office.ledger.streams, *which)
    found = registration_lookup.find_registration(office.ledger.streams, ROOT, 70, number)
    assert vars(found.registration) == vars(
        office.ledger.streams.load(Registration, Registration.create_id(number))
    )
