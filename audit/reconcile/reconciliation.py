"""Comparing the read models with a fold of the log that is made without the projections' code."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from audit.reconcile.comparison import Comparison
from audit.reconcile.difference import Difference
from audit.reconcile.expectation import Expectation
from audit.reconcile.log import Log
from audit.reconcile.models import expectations
from domain.ledger import Ledger
from projections.projection import Projection
from projections.read_database import ReadDatabase
from projections.tables import projections, skipped


class Reconciliation:
    """Compare every row of some read models, each as of the position that its projection has reached.

    All are read in one snapshot. `note` is called with what a person should know of a projection,
    `progress(done, total)` with events. `rows` and `events` count what was compared, `found` the
    differences.
    """

    def __init__(
        self,
        ledger: Ledger,
        read_database: ReadDatabase,
        models: Sequence[Projection],
        note: Callable[[str], None] = lambda _: None,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> None:
        self.rows = 0
        self.events = 0
        self.found = 0
        self._ledger = ledger
        self._read_database = read_database
        self._models = models
        self._note = note
        self._progress = progress
        self._total = 0

    def differences(self) -> Iterator[Difference]:
        """Yield the differences; nothing is repaired."""
        with self._read_database.long_snapshot() as connection:
            rows = {row.name: row for row in connection.execute(select(projections))}
            self._total = self._ledger.store.max_notification_id()
            for model in self._models:
                if model.name not in rows:
                    self._note(f"{model.name} has no tables yet, so it is not compared.")
                    continue
                for difference in self._of_model(connection, model, rows[model.name]):
                    self.found += 1
                    yield difference
            self._progress(self._total, self._total)

    def _of_model(
        self, connection: Connection, model: Projection, row: Row[Any]
    ) -> Iterator[Difference]:
        passed = select(skipped.c.position).where(skipped.c.name == model.name)
        positions = sorted(connection.scalars(passed.where(skipped.c.position <= row.position)))
        self._describe(row, positions)
        log = Log(self._ledger, row.position, frozenset(positions), self._read)
        for expectation in expectations(model):
            comparison = Comparison(connection, row.slot, log)
            yield from self._of_streams(comparison, expectation, log)
            yield from comparison.superfluous(expectation)
            self.rows += comparison.rows

    def _of_streams(
        self, comparison: Comparison, expectation: Expectation, log: Log
    ) -> Iterator[Difference]:
        for streams in expectation.chunks(log):
            for wanted in expectation.wanted(log, streams):
                yield from comparison.compare(wanted)
        for wanted in expectation.wanted(log, (), last=True):
            yield from comparison.compare(wanted)

    def _describe(self, row: Row[Any], skipped_positions: Sequence[int]) -> None:
        """Note what a projection lacks: it has stopped, it lags, or it was told to skip events."""
        lag = max(0, self._total - row.position)
        if row.stopped_at is not None:
            self._note(f"{row.name} has stopped at position {row.position + 1}: {row.error}")
        if lag:
            self._note(f"{row.name} is {lag} events behind: compared as of {row.position}.")
        if skipped_positions:
            named = ", ".join(map(str, skipped_positions))
            self._note(f"{row.name} has skipped the events at these positions: {named}.")

    def _read(self, events: int) -> None:
        self.events += events
        self._progress(min(self.events, self._total), self._total)
