"""The ledger is used by eventsourcing's own ways, too: repository, event store, save, notification log."""

from uuid import uuid4

import pytest
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.domain import OriginatorIDError, OriginatorVersionError
from eventsourcing.persistence import DataError, IntegrityError

from domain.aggregate import Event
from domain.aggregates.kit import Kit
from domain.aggregates.report import Report
from domain.ledger import Ledger
from tests.domain.scene import NOON, Scene, history, kit, report
from tests.harness.ledgers import TESTER, open_ledger
from tests.harness.stores import Stores
from tests.store.library import store_settings
from tests.store.test_golden_files import event_classes

STATUSES = ["KIT_SHIPPED", "KIT_RECEIVED", "KIT_PROCESSING"]


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """Give a kit with three observations, and a report."""
    scene.given(*(kit(n, "A/1", status) for n, status in enumerate(STATUSES, 1)))
    scene.given(report(9, 7, "AVAILABLE"))
    return scene


def status_of(found: Kit) -> str | None:
    """Return the status of a kit."""
    current = found.current_status()
    return current and current.status


def test_the_repository_gives_an_aggregate_as_it_is(scene: Scene) -> None:
    found: Kit = scene.ledger.repository.get("kit/A/1")
    assert (type(found), found.id, found.version) == (Kit, "kit/A/1", 3)
    assert status_of(found) == "KIT_PROCESSING"
    assert type(scene.ledger.repository.get("report/7")) is Report
    assert "kit/A/1" in scene.ledger.repository


@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_repository_gives_an_aggregate_as_it_was(scene: Scene, version: int) -> None:
    found: Kit = scene.ledger.repository.get("kit/A/1", version=version)
    assert (found.version, status_of(found)) == (version, STATUSES[version - 1])


def test_the_repository_says_what_is_not_there(scene: Scene) -> None:
    with pytest.raises(AggregateNotFoundError):
        scene.ledger.repository.get("kit/B")
    with pytest.raises(AggregateNotFoundError):
        scene.ledger.repository.get("kit/A/1", version=0)
    assert "kit/B" not in scene.ledger.repository


def test_a_cached_aggregate_is_brought_up_to_date(scene: Scene, url: str) -> None:
    caching = Ledger({**store_settings(url), "AGGREGATE_CACHE_MAXSIZE": "10"})
    first: Kit = caching.repository.get("kit/A/1")
    scene.send(kit(4, "A/1", "KIT_FAILED"))
    second: Kit = caching.repository.get("kit/A/1")
    assert (status_of(first), status_of(second)) == ("KIT_PROCESSING", "KIT_FAILED")
    caching.close()


def test_the_event_store_gives_events(scene: Scene) -> None:
    found = list(scene.ledger.events.get("kit/A/1", gt=1, lte=3, desc=True, limit=1))
    assert [(type(each), each.originator_version) for each in found] == [(Kit.Observed, 3)]
    assert list(scene.ledger.events.get("kit/B")) == []


def test_save_records_what_an_aggregate_decided(scene: Scene) -> None:
    found: Kit = scene.ledger.repository.get("kit/A/1")
    found.observe(
        now=NOON,
        event_id=5,
        source="lab",
        status="KIT_FAILED",
        created_at=NOON,
        reason=None,
        barcode="A/1",
        shipment_id=None,
    )
    [recording] = scene.ledger.save(found)
    assert recording.notification.id == scene.ledger.recorder.max_notification_id()
    assert status_of(scene.ledger.repository.get("kit/A/1")) == "KIT_FAILED"
    with pytest.raises(IntegrityError):
        scene.ledger.events.put([recording.domain_event])


def test_the_notification_log_has_every_event(scene: Scene) -> None:
    section = scene.ledger.notification_log["1,10"]
    assert [each.id for each in section.items] == list(range(1, 9))
    assert section.id == "1,8"


def test_an_aggregate_named_by_a_uuid_is_refused(scene: Scene) -> None:
    with pytest.raises(DataError, match="a stream id is text"):
        scene.ledger.repository.get(uuid4())  # type: ignore[arg-type]


def test_an_event_of_another_stream_is_not_replayed(scene: Scene) -> None:
    events = scene.ledger.streams.history("kit/A/1")
    with pytest.raises(OriginatorIDError):
        Kit("kit/B").replay(events)


@pytest.mark.parametrize("order", [[1], [0, 2], [0, 0], [1, 0], [0, 1, 2, 2]])
def test_events_out_of_order_are_not_replayed(scene: Scene, order: list[int]) -> None:
    events = scene.ledger.streams.history("kit/A/1")
    with pytest.raises(OriginatorVersionError):
        Kit("kit/A/1").replay(events[n] for n in order)


def test_every_event_belongs_to_the_class_in_which_it_is_defined() -> None:
    for topic, event_class in event_classes().items():
        assert event_class.aggregate_class.__name__ == topic.partition(".")[0]


def test_a_stray_variable_does_not_beat_the_database_that_was_given(
    url: str, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stores.empty() as stray:
        for name, value in store_settings(stray).items():
            monkeypatch.setenv(f"LEDGER_{name}", value)
        ledger = open_ledger(url)
        Scene(ledger.caused_by(TESTER)).send(kit(1, "A", "KIT_SHIPPED"))
        ledger.close()
        monkeypatch.undo()
        for each, count in ((url, 2), (stray, 0)):
            opened = open_ledger(each)
            events: list[Event] = history(opened)
            opened.close()
            assert len(events) == count


def test_a_prefixed_variable_that_was_given_counts(url: str, stores: Stores) -> None:
    with stores.empty() as other:
        prefixed = {f"LEDGER_{name}": value for name, value in store_settings(url).items()}
        ledger = Ledger({**store_settings(other), **prefixed})
        Scene(ledger.caused_by(TESTER)).send(kit(1, "A", "KIT_SHIPPED"))
        ledger.close()
        opened = open_ledger(url)
        assert len(history(opened)) == 2
        opened.close()
