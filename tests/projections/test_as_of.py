"""The rows as of a position are those that were live when the ledger ended there."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.messages import Outcome
from domain.use_cases import kit_registrations
from projections import early_rows, slot_tables
from projections.models.events import Events
from projections.models.kit_registrations import KitRegistrations
from projections.models.kits import Kits
from projections.models.reports import Reports
from projections.projection import Projection
from projections.snapshots import Snapshot
from tests.domain.observations import STATUSES, Story, fresh_world, stories
from tests.domain.scene import NOON, kit, report
from tests.harness.effort import effort
from tests.harness.stores import Stores
from tests.projections.world import World, batches_of

EVENTS, KITS, REPORTS, REGISTRATIONS = Events(), Kits(), Reports(), KitRegistrations()
ORDER: dict[Projection, tuple[str, ...]] = {
    KITS: ("barcode",),
    REPORTS: ("id",),
    EVENTS: ("id", "source"),
    REGISTRATIONS: ("id",),
}
WHOLE = 1000
QUERIES: list[tuple[Any, dict[str, Any]]] = [
    *((model, {}) for model in ORDER),
    *((model, {"status": status}) for model in (KITS, REPORTS) for status in STATUSES),
    (EVENTS, {"type": "kit.updated"}),
    (EVENTS, {"since": NOON}),
    (EVENTS, {"before": NOON + timedelta(days=1), "type": "report.updated"}),
    (REGISTRATIONS, {"customer": 1}),
    (REGISTRATIONS, {"customer": 2, "kit": "K1-2"}),
]


@pytest.fixture(scope="module")
def shared(stores: Stores) -> Iterator[World]:
    """Make one world for all examples, with small blocks of positions."""
    with stores.empty() as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(slot_tables, "BLOCK_POSITIONS", 3)
        made = World(url)
        yield made
        made.close()


def whole(view: Snapshot, model: Any, limit: int, **filters: Any) -> list[dict[str, Any]]:
    """Return all pages of a list, one after another."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        rows = model.page(view, limit=limit, after=after, **filters)
        found += rows
        if len(rows) < limit:
            return found
        after = tuple(rows[-1][name] for name in ORDER[model])


def lists(world: World, limit: int, as_of: int | None = None) -> list[list[dict[str, Any]]]:
    """Return the answers to all queries."""
    answers = []
    for model, filters in QUERIES:
        with world.reading(model, as_of) as view:
            answers.append(whole(view, model, limit, **filters))
    return answers


def tell(world: World, story: Story, number: int) -> None:
    """Send a story, then once more with other statuses, and release what conflicts; register and verify."""
    registered, _ = kit_registrations.register_kit(
        world.ledger, now=NOON, customer=number, kit=f"K{number}", verification_date=None
    )
    for customer in (1, 2):
        kit_registrations.register_kit(
            world.ledger,
            now=NOON,
            customer=customer,
            kit=f"K{number}-{customer}",
            verification_date=None,
        )
    held: dict[int, Outcome] = {}
    for source, body in [*story.sent(number), *story.sent(number + 1000)]:
        sent = body[0] if isinstance(body, list) else body
        outcomes = world.send(
            body, {**sent, "type": "note", "data": {}}, source=f"{source[0]}-{number}"
        )
        held |= {each.quarantine: each for each in outcomes if each.quarantine is not None}
    date = NOON + timedelta(days=1)
    kit_registrations.set_verification_date(
        world.ledger, registered.registration_id, date, now=date
    )
    for each in held.values():
        world.scene.release(each, replace=True)


@given(
    story=stories(),
    few=st.sampled_from([0, 3, 10_000]),
    limit=st.sampled_from([2, 5, 1000]),
    data=st.data(),
)
@settings(max_examples=effort(3, 30), deadline=None)
def test_rows_as_of_a_position_are_those_that_were_live_there(
    shared: World, story: Story, few: int, limit: int, data: st.DataObject
) -> None:
    before = shared.head
    tell(shared, story, fresh_world())
    moments = st.lists(st.integers(before, shared.head - 1), min_size=2, max_size=2)
    live = {}
    for moment in sorted(data.draw(moments)):
        with batches_of(1):
            while shared.positions()["events"] < moment:
                shared.projector().step()
        live[shared.positions()["events"]] = lists(shared, WHOLE)
    shared.project()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(early_rows, "FEW", few)
        for position, expected in live.items():
            assert lists(shared, limit, position) == expected


def test_rebuilt_rows_know_the_past_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early_rows, "FEW", 0)
    monkeypatch.setattr(slot_tables, "BLOCK_POSITIONS", 5)
    for number in (1, 4, 2, 9, 7, 5, 8):
        world.send([kit(number, f"K{number}", "KIT_SHIPPED"), report(50 + number, number, "READY")])
    moments = range(1, world.head, 3)
    with batches_of(1):
        world.project()
    before = [lists(world, WHOLE, moment) for moment in moments]
    assert {len(each[0]) for each in before} >= {1, 3, 6}
    with batches_of(7):
        world.rebuilt()
    assert [lists(world, WHOLE, moment) for moment in moments] == before


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_a_status_is_found_among_those_that_have_it_and_those_that_had_it(
    world: World, limit: int
) -> None:
    def tell(status: str, *numbers: int) -> None:
        told = [kit(world.head * 100 + n, f"K{n}", status) for n in numbers]
        world.send(told)

    tell("KIT_SHIPPED", *range(10, 22))
    tell("KIT_FAILED", 10, 11, 12, 16, 17)
    moment = world.head
    tell("KIT_FAILED", 13, 14, 18)
    world.project()

    with world.reading(KITS, moment) as view:
        shipped = [row["barcode"] for row in whole(view, KITS, limit, status="KIT_SHIPPED")]
    with world.reading(KITS) as view:
        left = [row["barcode"] for row in whole(view, KITS, limit, status="KIT_SHIPPED")]
    assert shipped == ["K13", "K14", "K15", "K18", "K19", "K20", "K21"]
    assert left == ["K15", "K19", "K20", "K21"]
