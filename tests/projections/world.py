"""A ledger, its views, and projectors that carry one into the other, all in real databases."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select

from domain.aggregate import Event
from domain.ledger import Ledger
from domain.messages import Outcome
from projections import projector as projecting
from projections import rebuild as rebuilding
from projections.databases.postgres import SCHEMA
from projections.models import all_projections
from projections.projection import Projection
from projections.projector import Projector
from projections.read_database import ReadDatabase
from projections.rebuild import rebuild
from projections.slot_tables import all_tables
from projections.snapshots import Snapshot
from projections.status import Status, statuses
from projections.tables import projections
from store.urls import is_postgres
from tests.domain.scene import Scene
from tests.harness.ledgers import open_ledger
from tests.harness.stores import limit_patience_of_views, views_beside


class World:
    """Everything in one database, or in one folder. `said` gathers what projectors report."""

    def __init__(self, place: str | Path, *, also: Sequence[Projection] = ()) -> None:
        self.url = f"sqlite:///{place / 'ledger.db'}" if isinstance(place, Path) else place
        self.on_postgres = is_postgres(self.url)
        self.models = [*all_projections(), *also]
        self.ledger: Ledger = open_ledger(self.url)
        self.views = self.more_views()
        self.views.migrate(self.models)
        self.scene = Scene(self.ledger)
        self.said: list[tuple[str, dict[str, Any]]] = []
        self._projector = self.projector()

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings of a process that works in the same place."""
        return {"DATABASE_URL": self.url, "VIEWS_DATABASE_URL": views_beside(self.url)}

    @property
    def head(self) -> int:
        """Return the ledger's last position."""
        return self.ledger.store.max_notification_id()

    def more_views(self, patience: float = 10) -> ReadDatabase:
        """Open the views once more, as another process would, and wait so long for who writes."""
        with pytest.MonkeyPatch.context() as patch:
            limit_patience_of_views(patch, patience)
            return ReadDatabase(views_beside(self.url))

    def named(self, table: Table) -> str:
        """Return the name by which SQL knows one of the views' tables."""
        return f"{SCHEMA}.{table.name}" if self.on_postgres else table.name

    def projector(
        self, views: ReadDatabase | None = None, wanted: Sequence[Projection] = ()
    ) -> Projector:
        """Make a projector of its own."""
        return Projector(self.ledger, views or self.views, wanted or self.models, self.hear)

    @contextmanager
    def apart(self, patience: float = 10) -> Iterator[Projector]:
        """Make a projector that shares nothing but the databases, as in another process."""
        ledger = open_ledger(self.url)
        views = self.more_views(patience)
        yield Projector(ledger, views, self.models, self.hear)
        ledger.close()
        views.close()

    def hear(self, name: str, fields: dict[str, Any]) -> None:
        """Keep what a projector reports."""
        self.said.append((name, fields))

    def project(self, projector: Projector | None = None) -> None:
        """Project all there is."""
        steps = projector or self._projector
        while steps.step() < self.head:
            pass

    def send(self, *said: Any, source: str = "lab") -> list[Outcome]:
        """Let a source send some bodies; return what became of each envelope."""
        return [outcome for each in said for outcome in self.scene.send(each, source=source)]

    def record(self, *events: Event) -> None:
        """Save events as they are."""
        self.ledger.streams.save_events(events)

    @contextmanager
    def reading(self, model: Projection, as_of: int | None = None) -> Iterator[Snapshot]:
        """Read a projection as it is, or as it was at a position."""
        with self.views.snapshot(model.name, 0, as_of) as view:
            yield view

    def rows(self, model: Projection) -> list[list[tuple[Any, ...]]]:
        """Return all live rows of each of a projection's tables, sorted."""
        with self.reading(model) as view:
            return [
                sorted(map(tuple, view.connection.execute(select(tables[view.slot]))), key=repr)
                for tables in all_tables(model.tables)
            ]

    def all_rows(self) -> dict[str, list[list[tuple[Any, ...]]]]:
        """Return the live rows of every projection."""
        return {model.name: self.rows(model) for model in self.models}

    def rebuilt(self) -> dict[str, list[list[tuple[Any, ...]]]]:
        """Rebuild every projection from the first event, and return the live rows."""
        for model in self.models:
            rebuild(self.ledger, self.views, model, lambda done, total: None)
        return self.all_rows()

    def positions(self) -> dict[str, int]:
        """Return the position of each projection."""
        with self.views.engine.connect() as connection:
            found = connection.execute(select(projections.c.name, projections.c.position))
            return {row.name: row.position for row in found}

    def status(self, model: Projection) -> Status:
        """Return what an operator is told of a projection."""
        return next(each for each in statuses(self.views, self.head) if each.name == model.name)

    def close(self) -> None:
        """Close all connections."""
        self.ledger.close()
        self.views.close()


@contextmanager
def batches_of(events: int, size: int = projecting.BATCH_BYTES) -> Iterator[None]:
    """Let projectors and rebuilds take so many events, and so many bytes of them, at once."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (projecting, rebuilding):
            patch.setattr(module, "BATCH_EVENTS", events)
            patch.setattr(module, "BATCH_BYTES", size)
        yield


@contextmanager
def running(projector: Projector) -> Iterator[None]:
    """Let a projector run in a thread of its own; what ended it before its time is raised here."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as thread:
        run = thread.submit(projector.run, stop)
        try:
            yield
        finally:
            stop.set()
            run.result(10)
