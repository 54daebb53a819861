"""The rows of groups and registrations follow from the story alone, however it is cut into batches."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain.aggregates.group import Group
from domain.aggregates.registration import Registration
from projections import lists
from projections.models.organizations import Organizations
from projections.rebuild import rebuild
from projections.times import to_microseconds
from tests.harness.effort import effort
from tests.organizations.office import DEEP, NORTH, SOUTH, Office
from tests.organizations.stories import NUMBERS, ORGANIZATIONS, STORIES, Step, tell
from tests.projections.world import World, batches_of

MODEL = Organizations()


def rows(world: World, organization: int) -> list[list[tuple[Any, ...]]]:
    """Return the organization's live rows of each table, sorted."""
    with world.reading(MODEL) as view:
        tables = [each[view.slot] for each in MODEL.tables]
        chosen = [
            select(*lists.shown(each)).where(each.c.organization_id == organization)
            for each in tables
        ]
        return [sorted(map(tuple, view.connection.execute(each)), key=repr) for each in chosen]


def decided(office: Office, registrations: list[int]) -> list[list[tuple[Any, ...]]]:
    """Return the rows that follow from the aggregates."""
    root, load = office.organization, office.ledger.streams.load
    found = [load(Group, Group.create_id(root, number or root)) for number in NUMBERS]
    groups = {each.group_id: each for each in found if each.version}
    made = [load(Registration, Registration.create_id(each)) for each in registrations]
    tables = [
        [
            (root, each.group_id, each.name, each.parent_id, each.identifier)
            for each in groups.values()
        ],
        [(root, g, above, distance) for g in groups for distance, above in path(groups, g)],
        [row(each) for each in made],
        [(root, above, e.registration_id) for e in made for _, above in path(groups, e.group_id)],
    ]
    return [sorted(each, key=repr) for each in tables]


def path(groups: dict[int, Group], group: int | None) -> Iterator[tuple[int, int]]:
    """Yield what is above a group, itself first, with the distances."""
    for distance in range(len(groups)):
        if group is not None:
            yield distance, group
            group = groups[group].parent_id


def row(each: Registration) -> tuple[Any, ...]:
    """Return the row of a registration."""
    gone = each.deactivated and to_microseconds(each.deactivated)
    times = to_microseconds(each.created), to_microseconds(each.updated), gone
    return (
        each.registration_id,
        each.organization_id,
        each.profile_id,
        each.group_id,
        each.type,
        *times,
    )


@given(story=STORIES, batch=st.sampled_from([1, 2, 5, 1000]))
@settings(max_examples=effort(10, 30), deadline=None)
def test_rows_say_what_was_decided_and_a_rebuild_says_it_again(
    world: World, story: list[Step], batch: int
) -> None:
    office = Office(world.ledger, next(ORGANIZATIONS))
    registrations = tell(world, office, story)
    with batches_of(batch):
        world.project()
        kept = rows(world, office.organization)
    assert kept == decided(office, registrations)

    rebuild(world.ledger, world.views, MODEL, lambda done, total: None)
    assert rows(world, office.organization) == kept
    assert world.said == []


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_many_registrations_move_with_a_group_of_groups(world: World, batch: int) -> None:
    office = Office(world.ledger, next(ORGANIZATIONS))
    office.tree()
    office.put(8, parent_id=DEEP)
    made = [
        office.register(profile, group_id=group) for profile in range(60) for group in (DEEP, 8)
    ]
    with batches_of(batch):
        office.put(DEEP, parent_id=SOUTH)
        world.project()

    with world.reading(MODEL) as view:
        found = {
            group: MODEL.registrations_below(
                view, office.organization, group, limit=1000, after=None
            )
            for group in (office.organization, NORTH, SOUTH, DEEP, 8)
        }
    counts = {group: len(registrations) for group, registrations in found.items()}
    assert counts == {office.organization: 120, NORTH: 0, SOUTH: 120, DEEP: 120, 8: 60}
    ids = [each.registration.registration_id for each in made]
    assert [each["id"] for each in found[SOUTH]] == ids


def test_a_story_is_told_in_pages(world: World) -> None:
    office = Office(world.ledger, next(ORGANIZATIONS))
    office.tree()
    ids = [
        office.register(70, kind, group_id=g).registration.registration_id
        for g in NUMBERS[1:4]
        for kind in ("patient", "provider")
    ]
    world.project()
    with world.reading(MODEL) as view:
        page = {"limit": 2, "after": (ids[1],)}
        root = office.organization
        assert [each["id"] for each in MODEL.registrations_below(view, root, root, **page)] == ids[
            2:4
        ]
        assert [
            each["id"] for each in MODEL.registrations_of_profile(view, root, 70, **page)
        ] == ids[2:4]
        assert [each["id"] for each in MODEL.registrations_below(view, root, NORTH, **page)] == ids[
            4:6
        ]
        groups = MODEL.group_page(view, root, limit=2, after=(NORTH,))
    assert [(each["id"], each["parents"]) for each in groups] == [(2, [root, 2]), (3, [root, 1, 3])]
