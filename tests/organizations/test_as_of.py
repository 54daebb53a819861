"""Reads as of a position show what they showed when that was the last one."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from projections import early_rows, lists, slot_tables
from projections.event_batch import BATCH_BYTES
from projections.models.organizations import Organizations
from projections.rebuild import rebuild
from projections.snapshots import Snapshot
from tests.harness.effort import effort
from tests.organizations.camp import PROVIDER, Camp, where
from tests.organizations.office import DEEP, NORTH, SOUTH, Office
from tests.organizations.stories import NUMBERS, ORGANIZATIONS, STORIES, Step, tell
from tests.projections.world import World, batches_of
from tests.receiver.examples import position as head_of

MODEL = Organizations()
PROFILES = range(8)
FEW = st.sampled_from([0, 1, 5, early_rows.FEW])
"""How many rows are found by their positions and sorted, not in the order of keys."""
MOVES: list[Step] = [
    ("register", 2, {"group_id": DEEP}),
    ("change", 2, {"type": "provider"}),
    ("put", NORTH, {"parent_id": SOUTH}),
    ("put", DEEP, {"parent_id": 0}),
    ("change", 2, {"group_id": NORTH}),
    ("put", NORTH, {"parent_id": DEEP}),
    ("change", 0, {"group_id": DEEP}),
    ("put", DEEP, {"name": "Moon", "parent_id": SOUTH}),
]
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
Answers = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    """Let the greatest key be known of few positions each, so that it limits what is looked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slot_tables, "BLOCK_POSITIONS", 4)
        yield


def answers(world: World, organization: int, as_of: int | None = None) -> Answers:
    """Ask for all rows of an organization, and all that its named queries answer, in small pages."""
    with world.reading(MODEL, as_of) as view:
        found: Answers = {
            f"{each[0].name} {n}": rows(view, organization, n)
            for n, each in enumerate(MODEL.tables)
        }
        found["groups"] = pages(MODEL.group_page, view, organization)
        for number in NUMBERS:
            group = number or organization
            found[f"group {number}"] = MODEL.group(view, organization, group)
            found[f"below {number}"] = pages(MODEL.registrations_below, view, organization, group)
        for profile in PROFILES:
            listed = pages(MODEL.registrations_of_profile, view, organization, profile)
            found[f"profile {profile}"] = listed
            for each in listed:
                which = {"registration_id": each["id"], "limit": 1}
                assert MODEL.registrations_of_profile(view, organization, profile, **which) == [
                    each
                ]
    return found


def rows(view: Snapshot, organization: int, number: int) -> list[tuple[Any, ...]]:
    """Return the rows of one table that a snapshot shows, sorted."""
    return sorted(
        (
            tuple(row)
            for table, held in lists.holding(view, MODEL.tables[number])
            for row in view.connection.execute(
                select(*lists.shown(table)).where(
                    table.c.organization_id == organization, *lists.conditions(table, held)
                )
            )
        ),
        key=repr,
    )


def pages(query: Any, view: Snapshot, *which: int) -> list[dict[str, Any]]:
    """Return a whole list, read in pages of three."""
    found: list[dict[str, Any]] = []
    while page := query(view, *which, limit=3, after=(found[-1]["id"],) if found else None):
        found += page
    return found


def recorded_after(world: World, position: int) -> list[int]:
    """Return the positions of the projection's events."""
    found, _ = world.ledger.store.select_batch(
        position, topics=sorted(MODEL.topics), limit=1000, max_bytes=BATCH_BYTES
    )
    return [each.id for each in found]


def live_answers(
    world: World, organization: int, positions: list[int], wanted: set[int]
) -> dict[int, Answers]:
    """Project event by event; return what is answered live at each of the wanted positions."""
    told: dict[int, Answers] = {}
    projector = world.projector(wanted=[MODEL])
    for position in positions:
        assert projector.step() == position
        if position in wanted:
            told[position] = answers(world, organization)
    return told


@given(
    story=STORIES,
    batch=st.sampled_from([1, 2, 5, 1000]),
    picks=st.lists(st.integers(0, 99), min_size=1, max_size=6),
    few=FEW,
)
@example(story=MOVES, batch=2, picks=[*range(20)], few=1)
@example(story=MOVES, batch=1000, picks=[*range(20)], few=early_rows.FEW)
@settings(max_examples=effort(6, 30), deadline=None, phases=PHASES)
def test_each_position_shows_what_was_live_there_however_events_were_cut_into_batches(
    world: World, story: list[Step], batch: int, picks: list[int], few: int
) -> None:
    world.project()
    before = world.head
    office = Office(world.ledger, next(ORGANIZATIONS))
    tell(world, office, [step for step in story if step[0] != "project"])
    positions = recorded_after(world, before)
    wanted = {positions[pick % len(positions)] for pick in picks}

    with batches_of(1):
        told = live_answers(world, office.organization, positions, wanted)
    with batches_of(batch):
        rebuild(world.ledger, world.views, MODEL, lambda done, total: None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(early_rows, "FEW", few)
        assert not any(answers(world, office.organization, before).values())
        for this, following in pairwise([*positions, world.head + 1]):
            for as_of in {this, following - 1} if this in wanted else ():
                assert answers(world, office.organization, as_of) == told[this]


@pytest.mark.one_store
def test_an_auditor_sees_the_tree_the_names_and_the_missing_as_they_were(camp: Camp) -> None:
    camp.make(NORTH, name="North", groupIdentifier="n")
    camp.make(SOUTH, name="South")
    camp.make(DEEP, name="Deep", parentID=NORTH)
    member = camp.register(70, DEEP)
    then = {"params": {"as_of_position": head_of(camp.service)}}

    camp.change_group(DEEP, name="Deeper", parentID=SOUTH, groupIdentifier="d")
    camp.make(8, name="New")
    late = camp.register(71, 8)
    camp.change(member, type=PROVIDER, groupID=SOUTH)
    camp.deactivate(member)

    below = {group: camp.get(f"groups/{group}/registrations", **then) for group in (NORTH, SOUTH)}
    assert below == {NORTH: [member], SOUTH: []}
    assert camp.below(NORTH) == []
    assert camp.get(where(member), **then) == member
    assert member["groupName"] == "Deep"
    assert [each["name"] for each in camp.get("groups", **then)][:3] == ["North", "South", "Deep"]
    assert camp.get(f"groups/{DEEP}", **then)["parents"] == [camp.root, NORTH, DEEP]
    for path in ("groups/8", "groups/8/registrations", where(late)):
        assert camp.ask("GET", path).status_code == 200
        assert camp.ask("GET", path, **then).status_code == 404
