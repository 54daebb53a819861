"""The library's own cases for infrastructure factories, on both stores."""

from typing import Any

from eventsourcing import postgres as stock_postgres
from eventsourcing import sqlite as stock_sqlite
from eventsourcing.tests import persistence as library
from eventsourcing.utils import Environment

from store import postgres, postgres_snapshots, sqlite
from tests.store.library import OnPostgres, OnSqlite


class SqliteView(stock_sqlite.SQLiteTrackingRecorder):
    """A view of an application's own, on SQLite."""


class PostgresView(stock_postgres.PostgresTrackingRecorder):
    """A view of an application's own, on PostgreSQL."""


class _Factories:
    """Construct the factory from the environment, as an application does."""

    module: str
    new_store: Any
    expected: tuple[Any, ...]

    def setUp(self) -> None:
        """Set the environment that the case reads."""
        settings = {"PERSISTENCE_MODULE": self.module, **self.new_store()}
        self.env = Environment(env=settings)
        super().setUp()  # type: ignore[misc]

    def expected_factory_class(self) -> Any:
        """Return the class of the factory."""
        return self.expected[0]

    def expected_aggregate_recorder_class(self) -> Any:
        """Return the class of recorders of snapshots."""
        return self.expected[1]

    def expected_application_recorder_class(self) -> Any:
        """Return the class of recorders of events."""
        return self.expected[2]

    def expected_process_recorder_class(self) -> Any:
        """Return the class of recorders of events with the position of their cause."""
        return self.expected[3]

    def expected_tracking_recorder_class(self) -> Any:
        """Return the class of recorders of positions."""
        return self.expected[4]

    def tracking_recorder_subclass(self) -> Any:
        """Return a class of an application's own."""
        return self.expected[5]


class TestFactoryOnSqlite(OnSqlite, _Factories, library.InfrastructureFactoryTestCase[Any]):
    """The factory of the embedded store."""

    expected = (
        sqlite.Factory,
        stock_sqlite.SQLiteAggregateRecorder,
        sqlite.Recorder,
        sqlite.ProcessRecorder,
        stock_sqlite.SQLiteTrackingRecorder,
        SqliteView,
    )


class TestFactoryOnPostgres(OnPostgres, _Factories, library.InfrastructureFactoryTestCase[Any]):
    """The factory of the store on PostgreSQL."""

    expected = (
        postgres.Factory,
        postgres_snapshots.AggregateRecorder,
        postgres.Recorder,
        postgres.ProcessRecorder,
        stock_postgres.PostgresTrackingRecorder,
        PostgresView,
    )
