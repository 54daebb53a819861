"""Histories are folds of streams, and survive what an older or a later version has recorded."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent

from audit.entries import Entry
from audit.history import Histories
from domain.aggregate import Aggregate, Event
from domain.aggregates.group import Group
from domain.aggregates.kit import Kit
from domain.ledger import Ledger
from receiver.shown_values import show
from tests.domain.scene import NOON, kit, send
from tests.harness.ledgers import TESTER, recorder_of
from tests.organizations.office import DEEP, NORTH, SOUTH, Office
from tests.stored_events.examples import EXAMPLES


def whole(ledger: Ledger) -> list[Entry]:
    """Return the entries of all events."""
    stored = ledger.store.select_notifications(1, 10**6)
    return Histories(ledger, show).of_events(stored)


def of_stream(ledger: Ledger, stream: str, after: int = 0, limit: int = 100) -> list[Entry]:
    until = ledger.store.max_notification_id()
    return Histories(ledger, show).of_stream(stream, after=after, until=until, limit=limit)


def changes(entry: Entry) -> dict[str, tuple[Any, Any]]:
    return {each.field: (each.before, each.after) for each in entry.changes}


def test_a_group_is_shown_as_its_resource_shows_it(office: Office) -> None:
    office.put(NORTH, name="North", parent_id=SOUTH)

    entries = of_stream(office.ledger, Group.create_id(office.organization, NORTH))

    moved = {name: pair for each in entries for name, pair in changes(each).items()}
    assert [each.event for each in entries][:1] == ["Group.Made"]
    assert moved["name"] == ("Group", "North")
    assert moved["parentID"] == (office.organization, SOUTH)
    assert moved["groupIdentifier"] == (None, "north")
    assert {each.subject.id for each in entries} == {f"{office.organization}/{NORTH}"}


def test_a_registration_changes_by_fields_and_times_of_the_api(office: Office) -> None:
    registered = office.register()
    office.change(registered, group_id=DEEP, type="provider")
    office.deactivate(registered)

    entries = of_stream(office.ledger, registered.registration.id)

    first, *later = map(changes, entries)
    shown = {"id", "profileID", "groupID", "type", "created", "updated"}
    assert first.keys() == shown
    assert first["created"][1] == "2026-01-05 17:00:00.000"
    changed = {name: pair for each in later for name, pair in each.items()}
    assert changed["groupID"] == (NORTH, DEEP)
    assert changed["type"] == ("patient", "provider")
    assert changed["deactivated"] == (None, "2026-01-05 19:00:00.000")


def test_an_entry_does_not_depend_on_the_page_that_it_is_on(office: Office) -> None:
    registered = office.register()
    office.change(registered, group_id=DEEP)
    office.change(registered, group_id=SOUTH)
    send(office.ledger, [kit(1, "A", "SENT"), kit(2, "A", "LOST", reason="wind")])
    entries = whole(office.ledger)

    for entry in entries:
        stream = f"{entry.subject.kind}/{entry.subject.id}"
        assert of_stream(office.ledger, stream, entry.position - 1, 1) == [entry]


def streams() -> dict[str, list[Event]]:
    """Return the events of each stream of the examples, numbered anew: some are of versions apart."""
    found: dict[str, list[Event]] = {}
    for event in EXAMPLES.values():
        stream = found.setdefault(event.originator_id, [])
        stream.append(replace(event, originator_version=len(stream) + 1))
    return found


@pytest.mark.one_store
@pytest.mark.parametrize("stream", streams())
def test_the_values_of_every_aggregate_are_json_without_bodies(stream: str) -> None:
    aggregate = Aggregate.of_stream(stream)(stream).replay(streams()[stream])

    shown = json.dumps(show(aggregate.category, aggregate.values()))

    assert "msg_" not in shown
    assert "body" not in shown


def test_every_kind_has_an_aggregate_that_shows_values() -> None:
    kinds = {event.originator_id.partition("/")[0] for event in EXAMPLES.values()}
    assert kinds == Aggregate.by_category.keys()


def test_an_event_of_a_later_version_is_in_the_log_and_stops_nothing(ledger: Ledger) -> None:
    send(ledger, kit(1, "A", "SENT"))
    store = recorder_of(ledger)
    store.insert_events([StoredEvent(Kit.create_id("A"), 2, "Kit.Teleported", b"\x80")])
    send(ledger, kit(2, "B", "SENT"))

    entries = whole(ledger)

    unknown = entries[2]
    assert (unknown.event, unknown.by, unknown.changes) == ("Kit.Teleported", None, [])
    assert unknown.subject.kind == "kit"
    assert changes(entries[-1])["status"] == (None, "SENT")


def test_who_and_when_are_those_of_the_cause_and_of_the_ledger(ledger: Ledger) -> None:
    send(ledger, kit(1, "A", "SENT"))

    delivered, observed = whole(ledger)

    assert msgspec.to_builtins(observed.by) == {
        "kind": "operator",
        "id": "tester",
        "name": "tester",
    }
    assert (observed.why, observed.request_id) == (TESTER.why, TESTER.request_id)
    assert delivered.recorded_at == observed.recorded_at > NOON
    assert observed.delivery is not None
    assert observed.delivery.position == delivered.position


def test_events_of_before_the_ledgers_clock_have_the_time_of_their_command(ledger: Ledger) -> None:
    store = recorder_of(ledger)
    send(ledger, kit(1, "A", "SENT"))
    [stored] = store.select_notifications(2, 1)
    entry = Histories(ledger, show).of_events([replace(stored, recorded_at=0)])[0]
    assert entry.recorded_at == NOON
