"""The library's own cases for applications and projections, on both stores."""

from typing import Any

import pytest
from eventsourcing.persistence import Tracking
from eventsourcing.popo import POPOTrackingRecorder
from eventsourcing.tests import application, projection

from tests.store.library import OnPostgres, OnSqlite

UUID_FACTORIES = {
    "store.sqlite": "tests.store.uuid_ids:SqliteFactory",
    "store.postgres": "tests.store.uuid_ids:PostgresFactory",
}


class CountersView(POPOTrackingRecorder, projection.EventCountersView):
    """Counters in memory, for a projection that follows a store."""

    def __init__(self) -> None:
        super().__init__()
        self._counts = {"created": 0, "subsequent": 0}

    def get_created_event_counter(self) -> int:
        """Return how many aggregates were created."""
        return self._counts["created"]

    def get_subsequent_event_counter(self) -> int:
        """Return how many other events there were."""
        return self._counts["subsequent"]

    def incr_created_event_counter(self, tracking: Tracking) -> None:
        """Count an aggregate."""
        self._count("created", tracking)

    def incr_subsequent_event_counter(self, tracking: Tracking) -> None:
        """Count another event."""
        self._count("subsequent", tracking)

    def _count(self, name: str, tracking: Tracking) -> None:
        self.insert_tracking(tracking)
        self._counts[name] += 1


class _Applications:
    """Set the environment from which applications are configured."""

    module: str
    new_store: Any

    @pytest.fixture(autouse=True)
    def configured(self, lent_stores: None, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in self.settings().items():
            monkeypatch.setenv(name, value)

    def settings(self, prefix: str = "") -> dict[str, str]:
        """Return the settings of an empty store."""
        module = {"PERSISTENCE_MODULE": UUID_FACTORIES[self.module]}
        found = {**module, **self.new_store()}
        return {f"{prefix}{name}": value for name, value in found.items()}


class _Examples(_Applications):
    @property
    def expected_factory_topic(self) -> str:
        return UUID_FACTORIES[self.module]


class _Views(_Applications):
    view_class = CountersView

    def settings(self, prefix: str = "") -> dict[str, str]:
        """Return the settings of an empty store, and those of a view in memory."""
        view = {"EVENTCOUNTERS_PERSISTENCE_MODULE": "eventsourcing.popo"}
        return {**super().settings(prefix), **view}


class _Followers(_Applications):
    def settings(self, prefix: str = "") -> dict[str, str]:
        """Return the settings of two empty stores: the leader's and the follower's."""
        return {**super().settings("APPLICATION_"), **super().settings("COUNTERS_")}


@pytest.mark.filterwarnings("always:'log' is deprecated:DeprecationWarning")
class TestApplicationsOnSqlite(OnSqlite, _Applications, application.ApplicationTestCase):
    """Applications on the embedded store."""


@pytest.mark.filterwarnings("always:'log' is deprecated:DeprecationWarning")
class TestApplicationsOnPostgres(OnPostgres, _Applications, application.ApplicationTestCase):
    """Applications on PostgreSQL."""


class TestExamplesOnSqlite(OnSqlite, _Examples, application.ExampleApplicationTestCase):
    """Bank accounts with snapshots on the embedded store."""


class TestExamplesOnPostgres(OnPostgres, _Examples, application.ExampleApplicationTestCase):
    """Bank accounts with snapshots on PostgreSQL."""


class TestViewsOnSqlite(OnSqlite, _Views, projection.AggregateEventCountersProjectionTestCase):
    """A ProjectionRunner that follows the embedded store."""


class TestViewsOnPostgres(OnPostgres, _Views, projection.AggregateEventCountersProjectionTestCase):
    """A ProjectionRunner that follows PostgreSQL."""


class TestFollowersOnSqlite(OnSqlite, _Followers, projection.EventSourcedProjectionTestCase):
    """An event-sourced projection that follows the embedded store."""


class TestFollowersOnPostgres(OnPostgres, _Followers, projection.EventSourcedProjectionTestCase):
    """An event-sourced projection that follows PostgreSQL."""
