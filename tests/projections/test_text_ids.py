"""Events whose ids are text: in the list after the others, each once, and never taken for another one."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from audit.reconcile.reconciliation import Reconciliation
from domain.aggregates.delivery import Delivery
from domain.event_ids import EventId, is_event_id
from domain.messages import InvalidEnvelope, Message, Outcome
from domain.use_cases import deliveries
from projections.models import all_projections
from projections.models.events import Events
from projections.models.quarantine import Quarantined
from projections.tables import skipped
from receiver import envelopes
from tests.domain.observations import fresh_world
from tests.domain.scene import NOON, kit, release_one, verified
from tests.projections.world import World

HOSTILE = ("3514", "0000000000003514", "=3514", "../x", "a/b", "a/=b", "%2F", "\U0001f9ea" * 255)
IDS = st.sampled_from((3514, 0, *HOSTILE)) | st.text(min_size=1, max_size=9).filter(is_event_id)
EVENTS, QUARANTINE = Events(), Quarantined()
SENT = st.lists(
    st.tuples(IDS, st.sampled_from(("lab", "lab2")), st.sampled_from("XY")), max_size=12
)


def send(world: World, event_id: EventId, source: str, status: str) -> Outcome:
    body = json.dumps(kit(1, f"{source}{status}", f"KIT_{status}", note=repr(event_id))).encode()
    [message], _ = envelopes.read(body)
    assert not isinstance(message, InvalidEnvelope)
    message = replace(message, event_id=event_id)
    [outcome] = deliveries.receive(world.ledger, verified(body, source), [message], batch=False)
    return outcome


def listed(world: World, limit: int, **wanted: Any) -> list[tuple[EventId, str]]:
    """Return all events, page by page."""
    found: list[tuple[EventId, str]] = []
    after = None
    while True:
        with world.reading(EVENTS) as snapshot:
            rows = EVENTS.page(snapshot, limit=limit, after=after, **wanted)
        if not rows:
            return found
        found += [(row["id"], row["source"]) for row in rows]
        after = (rows[-1]["id"], rows[-1]["source"])


def in_order(recorded: Iterable[tuple[EventId, str]]) -> list[tuple[EventId, str]]:
    """Sort integers by value, and text after them by code points."""
    return sorted(recorded, key=lambda each: (isinstance(each[0], str), each))


@given(sent=SENT)
def test_every_id_is_an_event_of_its_own(shared: World, sent: list[Any]) -> None:
    number = fresh_world()
    recorded: dict[tuple[EventId, str], str] = {}
    for event_id, name, status in sent:
        key = event_id, f"{name}-{number}"
        known = recorded.get(key)
        expected = "recorded" if known is None else "duplicate" if known == status else "conflict"
        assert send(shared, *key, status).status == expected
        recorded.setdefault(key, status)
    shared.project()
    for source in {key[1] for key in recorded}:
        of_source = in_order(key for key in recorded if key[1] == source)
        assert listed(shared, 2, source=source) == of_source


def test_what_the_log_says_of_text_ids_is_what_the_rows_say(shared: World) -> None:
    for event_id in ("b", 3514, "a/=b", "3514"):
        send(shared, event_id, f"lab-{fresh_world()}", "X")
    shared.project()
    comparing = Reconciliation(shared.ledger, shared.views, all_projections(), lambda _: None)
    assert list(comparing.differences()) == []


def test_text_comes_after_integers_by_code_points(world: World) -> None:
    sent: list[EventId] = ["b", 3515, "B", "é", "3514", 3514, "\U0001f9ea", "\uffe5", "a", "0"]
    for event_id in sent:
        send(world, event_id, "lab", "X")
    world.project()
    texts = ["0", "3514", "B", "a", "b", "é", "\uffe5", "\U0001f9ea"]
    assert listed(world, 3) == [(each, "lab") for each in (3514, 3515, *texts)]


def test_a_range_of_times_finds_text_ids_too(world: World) -> None:
    send(world, "a", "lab", "X")
    world.project()
    assert listed(world, 2, since=NOON) == [("a", "lab")]
    assert listed(world, 2, before=NOON) == []


def test_lists_as_of_a_position_and_reconciling_know_text_that_was_replaced(world: World) -> None:
    for event_id in ("b", 3514, "a", "3514", "c"):
        send(world, event_id, "lab", "X")
    expected = {world.head: listed_as_of(world, world.head)}
    for event_id in ("a", "c"):
        held = send(world, event_id, "lab", "Y").quarantine
        assert held is not None
        release_one(world.ledger, held, reader(event_id), now=NOON, replace=True)
        expected[world.head] = {**listed_as_of(world, world.head - 1), event_id: "KIT_Y"}
    for position, rows in expected.items():
        assert listed_as_of(world, position) == rows
    assert list(expected[world.head]) == [3514, "3514", "a", "b", "c"]
    comparing = Reconciliation(world.ledger, world.views, all_projections(), lambda _: None)
    assert list(comparing.differences()) == []
    kept_up = world.rows(EVENTS)
    assert world.rebuilt()["events"] == kept_up


def reader(event_id: EventId) -> Callable[[bytes], tuple[list[Message | InvalidEnvelope], bool]]:
    """Return a function that reads a body as one with this id."""

    def read(body: bytes) -> tuple[list[Message | InvalidEnvelope], bool]:
        [message], batch = envelopes.read(body)
        return [replace(message, event_id=event_id)], batch

    return read


def listed_as_of(world: World, position: int) -> dict[EventId, str]:
    """Return the status that each event told as of a position, by rising id."""
    world.project()
    found, after = dict[EventId, str](), None
    with world.reading(EVENTS, position) as snapshot:
        while rows := EVENTS.page(snapshot, limit=2, after=after):
            found.update((row["id"], row["data"]["kit"]["status"]) for row in rows)
            after = rows[-1]["id"], rows[-1]["source"]
    return found


def test_a_conflict_says_the_id_as_it_was_sent(world: World) -> None:
    send(world, "3514", "lab", "X")
    assert send(world, "3514", "lab", "Y").status == "conflict"
    send(world, 3514, "lab", "X")
    assert send(world, 3514, "lab", "Y").status == "conflict"
    world.project()
    with world.reading(QUARANTINE) as snapshot:
        assert [row["event_id"] for row in QUARANTINE.all(snapshot)] == ["3514", 3514]


@pytest.mark.parametrize("event_id", [0, 3514, 2**53 - 1, *HOSTILE])
@pytest.mark.one_store
def test_a_stream_names_its_source_and_its_id(event_id: EventId) -> None:
    assert Delivery.parse_id(Delivery.create_id("lab", event_id)) == ("lab", event_id)


def test_what_replaces_a_record_that_was_skipped_has_a_row(world: World) -> None:
    recorded = send(world, "a", "lab", "X")
    held = send(world, "a", "lab", "Y").quarantine
    assert held is not None
    release_one(world.ledger, held, reader("a"), now=NOON, replace=True)
    with world.views.transaction() as connection:
        row = {"name": EVENTS.name, "position": recorded.position}
        connection.execute(insert(skipped).values(row))
    world.project()
    assert listed(world, 10) == [("a", "lab")]
