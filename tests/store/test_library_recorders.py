"""The library's own cases for recorders, on both stores."""

import threading
from typing import Any

from eventsourcing.persistence import InfrastructureFactory
from eventsourcing.tests import persistence as library

from tests.harness.waiting import PATIENCE_SECONDS
from tests.store.library import OnPostgres, OnSqlite, TextIds, leave_out


def join_readers() -> None:
    """Wait for the threads that a case told to stop, but did not wait for."""
    for thread in threading.enumerate():
        if "read_continuously" in thread.name:
            thread.join(PATIENCE_SECONDS)


class _Recorder(TextIds):
    """Make the recorder that a case asks for, and close it afterwards."""

    module: str
    new_store: Any

    def new_factory(self) -> InfrastructureFactory[Any]:
        """Return the factory of a store that holds nothing."""
        environment = {"PERSISTENCE_MODULE": self.module, **self.new_store()}
        factory: InfrastructureFactory[Any] = InfrastructureFactory.construct(environment)
        self.addCleanup(factory.close)  # type: ignore[attr-defined]
        # Before that: sqlite3 crashes when a connection is closed under another thread's query.
        self.addCleanup(join_readers)  # type: ignore[attr-defined]
        return factory


class _Aggregates(_Recorder):
    def create_recorder(self) -> Any:
        return self.new_factory().aggregate_recorder("snapshots")


class _Applications(_Recorder):
    def create_recorder(self) -> Any:
        recorder: Any = self.new_factory().application_recorder()
        real = recorder.max_notification_id
        # An empty log's last position is 0 here and None there: callers compute with it.
        recorder.max_notification_id = lambda: real() or None
        return recorder

    def test_subscribe(self) -> None:
        """Run a case that is optional, for stores with subscriptions."""
        self.optional_test_insert_subscribe()  # type: ignore[attr-defined]


class _Trackings(_Recorder):
    def create_recorder(self) -> Any:
        return self.new_factory().tracking_recorder()


class _Processes(_Recorder):
    def create_recorder(self) -> Any:
        return self.new_factory().process_recorder()


@leave_out
class TestAggregatesOnSqlite(OnSqlite, _Aggregates, library.AggregateRecorderTestCase):
    """Snapshots on SQLite."""


@leave_out
class TestAggregatesOnPostgres(OnPostgres, _Aggregates, library.AggregateRecorderTestCase):
    """Snapshots on PostgreSQL."""


@leave_out
class TestApplicationsOnSqlite(OnSqlite, _Applications, library.ApplicationRecorderTestCase[Any]):
    """Events on SQLite."""


@leave_out
class TestApplicationsOnPostgres(
    OnPostgres, _Applications, library.ApplicationRecorderTestCase[Any]
):
    """Events on PostgreSQL."""


class TestInterleavingOnSqlite(
    OnSqlite, _Applications, library.NonInterleavingNotificationIDsBaseCase
):
    """Two groups of events at once, on SQLite."""

    test_subscribe = None  # type: ignore[assignment]


class TestInterleavingOnPostgres(
    OnPostgres, _Applications, library.NonInterleavingNotificationIDsBaseCase
):
    """Two groups of events at once, on PostgreSQL."""

    test_subscribe = None  # type: ignore[assignment]


class TestTrackingOnSqlite(OnSqlite, _Trackings, library.TrackingRecorderTestCase):
    """Positions of followers on SQLite."""


class TestTrackingOnPostgres(OnPostgres, _Trackings, library.TrackingRecorderTestCase):
    """Positions of followers on PostgreSQL."""


@leave_out
class TestProcessesOnSqlite(OnSqlite, _Processes, library.ProcessRecorderTestCase):
    """Events with the position of their cause, on SQLite."""


@leave_out
class TestProcessesOnPostgres(OnPostgres, _Processes, library.ProcessRecorderTestCase):
    """Events with the position of their cause, on PostgreSQL."""
