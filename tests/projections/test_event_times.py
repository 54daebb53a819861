"""Events are found by the time they were created, whatever order their ids and times have."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.event_ids import EventId
from domain.locations import parse
from domain.messages import InvalidEnvelope, Message
from domain.use_cases import deliveries
from projections.models.events import Events
from receiver import mapped_envelopes
from registry.envelope_mappings import DEFAULT_LOCATIONS, EnvelopeMapping
from tests.domain.scene import NOON, release_one, verified
from tests.harness.effort import effort
from tests.projections.world import World, batches_of

EVENTS = Events()
MAPPING = EnvelopeMapping(*map(parse, DEFAULT_LOCATIONS.values()))
SECONDS = st.integers(0, 30)
IDS = st.one_of(st.integers(0, 60), st.integers(0, 2**53 - 1), st.sampled_from("0aAé"))
SENT = st.lists(
    st.tuples(IDS, SECONDS, st.sampled_from(["t", "u"]), st.sampled_from(["a", "b"])), max_size=8
)
BOUNDS = st.none() | SECONDS


def at(second: int | None) -> datetime | None:
    return None if second is None else NOON + timedelta(seconds=second)


def read(body: bytes, source: str = "a") -> tuple[list[Message | InvalidEnvelope], bool]:
    return mapped_envelopes.read(MAPPING, verified(body, source))


def send(world: World, sent: list[tuple[EventId, int, str, str]]) -> None:
    """Send events; of two contents under one id the later replaces the earlier."""
    for event_id, second, event_type, source in sent:
        created_at = (NOON + timedelta(seconds=second)).isoformat()
        said = {"id": event_id, "type": event_type, "data": {}, "created_at": created_at}
        body = json.dumps(said).encode()
        messages, batch = read(body)
        [outcome] = deliveries.receive(world.ledger, verified(body, source), messages, batch=batch)
        if outcome.quarantine is not None:
            release_one(world.ledger, outcome.quarantine, read, now=NOON, replace=True)


def place(row: dict[str, Any]) -> tuple[bool, EventId, str]:
    """Return what events are sorted by."""
    return isinstance(row["id"], str), row["id"], row["source"]


@given(
    sent=SENT,
    batch=st.sampled_from([1, 3, 1000]),
    few=st.sampled_from([0, 2, 1000]),
    since=BOUNDS,
    before=BOUNDS,
    event_type=st.sampled_from([None, "t", "u", "v"]),
    source=st.sampled_from([None, "a", "b"]),
    limit=st.integers(1, 40),
    past=st.integers(0, 40),
)
@settings(max_examples=effort(40, 120), deadline=None)
def test_a_page_holds_the_next_of_those_that_match(
    shared: World,
    sent: list[tuple[EventId, int, str, str]],
    batch: int,
    few: int,
    since: int | None,
    before: int | None,
    event_type: str | None,
    source: str | None,
    limit: int,
    past: int,
) -> None:
    send(shared, sent)
    with batches_of(batch), pytest.MonkeyPatch.context() as patch:
        patch.setattr("projections.models.events.blocks.FEW", few)
        shared.project()
        with shared.reading(EVENTS) as view:
            everything = EVENTS.page(view, limit=10**6)
            places = [place(row) for row in everything]
            last = places[past] if past < len(places) else None
            after = last and last[1:]
            asked: dict[str, Any] = {"type": event_type, "source": source, "after": after}
            found = EVENTS.page(view, limit=limit, since=at(since), before=at(before), **asked)
    assert places == sorted(places)
    matching = [
        row
        for row in everything
        if (since is None or row["created_at"] >= NOON + timedelta(seconds=since))
        and (before is None or row["created_at"] < NOON + timedelta(seconds=before))
        and event_type in {None, row["type"]}
        and source in {None, row["source"]}
        and (last is None or place(row) > last)
    ]
    assert found == matching[:limit]


def test_blocks_that_are_rebuilt_find_the_same(shared: World) -> None:
    send(shared, [(n, n % 31, "t", "c") for n in range(100, 2500, 100)])
    shared.project()
    kept_up = shared.rows(EVENTS)[0]
    assert shared.rebuilt()["events"][0] == kept_up
    with shared.reading(EVENTS) as view, pytest.MonkeyPatch.context() as patch:
        patch.setattr("projections.models.events.blocks.FEW", 0)
        found = EVENTS.page(view, limit=10**6, since=at(20), source="c")
    assert [row["id"] for row in found] == [n for n in range(100, 2500, 100) if n % 31 >= 20]
