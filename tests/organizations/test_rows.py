"""The rows of groups and registrations follow from the story alone, however it is cut into batches."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain.aggregates.group import Group
from domain.aggregates.registration import Registration
from domain.errors import Refusal
from projections import lists
from projections.models.organizations import Organizations
from projections.rebuild import rebuild
from projections.times import to_microseconds
from tests.harness.effort import effort
from tests.harness.stores import Stores
from tests.organizations.office import DEEP, NORTH, SOUTH, Office, at
from tests.projections.world import World, batches_of

MODEL = Organizations()
ORGANIZATIONS = count(1000)
NUMBERS = [0, NORTH, SOUTH, DEEP, 8, 9]
"""The groups of a story; 0 stands for its organization's root."""
GROUPS, TYPES = st.sampled_from(NUMBERS), st.sampled_from(["patient", "provider"])
MOMENTS = st.sampled_from([None, at(0), at(1)])
IDENTIFIERS = st.sampled_from([None, "a", "b"])
NAMES = st.sampled_from(["Sun", "Moon"])
SOME = st.integers(0, 7)
Step = tuple[str, int, dict[str, Any]]


def said(**optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


PUT = st.tuples(st.just("put"), GROUPS, said(name=NAMES, parent_id=GROUPS, identifier=IDENTIFIERS))
REGISTER = st.tuples(st.just("register"), SOME, said(group_id=GROUPS, type=TYPES))
CHANGE = st.tuples(st.just("change"), SOME, said(group_id=GROUPS, type=TYPES, deactivated=MOMENTS))
PROJECT = st.tuples(st.just("project"), st.just(0), st.just({}))
STORIES = st.lists(st.one_of(PUT, REGISTER, CHANGE, PROJECT), max_size=25)


@pytest.fixture(scope="module")
def world(stores: Stores) -> Iterator[World]:
    """Make one world for all stories: each has an organization of its own in it."""
    with stores.empty() as url:
        made = World(url)
        yield made
        made.close()


def tell(world: World, office: Office, story: list[Step]) -> list[int]:
    """Do what a story says, as far as it is not refused; return the ids of its registrations."""
    office.tree()
    made = [office.register(profile) for profile in range(2)]
    for step, which, words in story:
        given = {
            name: office.organization if name in {"group_id", "parent_id"} and value == 0 else value
            for name, value in words.items()
        }
        try:
            if step == "put":
                office.put(which or office.organization, **given)
            elif step == "register":
                made.append(office.register(which, **given))
            elif step == "change":
                office.change(made[which % len(made)], **given)
            else:
                world.project()
        except Refusal:
            continue
    return [each.registration.registration_id for each in made]


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
