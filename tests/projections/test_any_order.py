"""However deliveries come, and in whatever batches they are projected, the rows end the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.observation import CurrentStatus
from projections.models.kits import Kits
from projections.models.reports import Reports
from projections.observed import ObservedProjection
from tests.domain.observations import Story, fresh_world, standings, stories
from tests.harness.effort import effort
from tests.harness.stores import Stores
from tests.projections.tally import Tally, positions
from tests.projections.world import World, batches_of

KITS, REPORTS, TALLY = Kits(), Reports(), Tally()


@pytest.fixture(scope="module")
def shared(stores: Stores) -> Iterator[World]:
    """Make one world for all examples: each has kits and reports of its own in it."""
    with stores.empty() as url:
        made = World(url, also=[TALLY])
        yield made
        made.close()


def shown(world: World, model: ObservedProjection, thing: Any) -> CurrentStatus | None:
    """Return a row as the standing that it shows."""
    with world.reading(model) as view:
        row = model.one(view, thing)
    if row is None:
        return None
    names = ("status", "reason", "created_at", "modified_at")
    shipment_id = row.get("shipment_id")
    own = {} if shipment_id is None else {"shipment_id": shipment_id}
    return CurrentStatus(fields=own, **{name: row[name] for name in names})


@given(
    story=stories(),
    batch=st.integers(1, 7),
    size=st.sampled_from([1, 500, 10**6]),
    pauses=st.sets(st.integers(0, 14)),
)
@settings(max_examples=effort(20, 80), deadline=None)
def test_rows_depend_on_what_was_said_alone(
    shared: World, story: Story, batch: int, size: int, pauses: set[int]
) -> None:
    number = fresh_world()
    with batches_of(batch, size):
        for turn, (source, body) in enumerate(story.sent(number)):
            shared.send(body, source=source)
            if turn in pauses:
                shared.project()
        shared.project()
    for thing, expected in standings(story, number).items():
        assert shown(shared, KITS if isinstance(thing, str) else REPORTS, thing) == expected


@given(
    steps=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), max_size=14),
    batch=st.integers(1, 5),
)
@settings(max_examples=effort(8, 30), deadline=None)
def test_two_projectors_in_any_alternation_apply_each_event_once(
    shared: World, steps: list[tuple[int, int]], batch: int
) -> None:
    other = shared.more_views()
    projectors = [shared.projector(), shared.projector(other)]
    number = fresh_world()
    said = [
        {"id": n, "type": "kit.updated", "data": {"kit": {"barcode": f"T{n}", "status": "S"}}}
        for n in range(60)
    ]
    sent = iter(said)
    with batches_of(batch):
        for who, new in steps:
            for _ in range(new):
                shared.send(next(sent), source=f"s{number}")
            projectors[who].step()
        shared.project(projectors[1])
    other.close()
    told = shared.ledger.store.select_batch(
        0, topics=["Kit.Observed"], limit=10**6, max_bytes=10**9
    )[0]
    assert positions(shared.rows(TALLY)) == [each.id for each in told]
    assert set(shared.positions().values()) == {shared.head}
