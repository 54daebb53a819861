"""The projector: carries events from the ledger into the rows, in batches, once."""

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from eventsourcing.persistence import PersistenceError
from sqlalchemy import Connection, bindparam, or_, select, update
from sqlalchemy.exc import DBAPIError

from domain.ledger import Ledger
from projections.batch import BATCH_BYTES, BATCH_EVENTS, Batch, Poison, apply_events
from projections.databases import Held
from projections.projection import Projection, micros
from projections.views import Views, projections

POLL_SECONDS = 0.005
LONGEST_IDLE = 0.02
LONGEST_NAP = 0.05
NAPS = 4
BEAT_SECONDS = 1.0

Report = Callable[[str, dict[str, Any]], None]
Running = tuple[Projection, int, int]
"""A projection, its live slot, and its position."""
AHEAD = "it is ahead of the ledger, which was restored to an earlier state: rebuild it"


class Projector:
    """Carry events into every projection; one step is one transaction of rows and positions.

    It may be killed anywhere: what was not committed is done again, what was is not. `report` hears
    of what an operator should know, as an event name and its fields.
    """

    def __init__(
        self, ledger: Ledger, views: Views, models: Sequence[Projection], report: Report
    ) -> None:
        self._ledger = ledger
        self._views = views
        self._models = models
        self._report = report
        self._topics = sorted({topic for model in models for topic in model.topics})
        self._beaten = 0.0
        self._advance = (
            update(projections)
            .where(projections.c.name.in_([model.name for model in models]))
            .where(projections.c.stopped_at.is_(None))
            .where(projections.c.position < bindparam("reached"))
            .values(position=bindparam("reached"))
        )
        self._owner = f"{socket.gethostname()}:{os.getpid()}"

    def run(self, stop: threading.Event, held: Held = lambda: True) -> None:
        """Project until `stop` is set, or `held` says that it is another's turn.

        The databases' passing troubles are waited out.

        Between steps it naps some times as long as a step takes: under load that makes steps larger
        and fewer, and leaves the processors to those who receive.
        """
        reached, due, resumed, asked = -1, 0.0, False, time.monotonic()
        idle = POLL_SECONDS
        while not stop.is_set():
            # Longer and longer while nothing comes: to ask costs little, but not nothing.
            nap = idle = min(LONGEST_IDLE, 1.25 * idle)
            try:
                started = time.monotonic()
                if started > asked + BEAT_SECONDS:
                    asked = started
                    if not held():
                        return
                resumed = resumed or self.resume()
                if started > due or self._ledger.store.max_notification_id() != reached:
                    due = max(due, started + BEAT_SECONDS)
                    before, reached = reached, self.step()
                    full = reached - before >= BATCH_EVENTS
                    idle = POLL_SECONDS if reached != before else idle
                    nap = 0 if full else min(LONGEST_NAP, NAPS * (time.monotonic() - started))
            except (DBAPIError, PersistenceError) as error:
                self._report("projector-waits", {"error": str(error)})
                nap = BEAT_SECONDS
            stop.wait(nap)

    def step(self) -> int:
        """Project one batch; return the position up to which every running projection has come."""
        with self._views.writing() as connection:
            self._beat(connection)
            running = self._running(connection)
            if not running:
                return self._ledger.store.max_notification_id()
            first = min(position for _, _, position in running)
            stored, reached = self._ledger.store.select_batch(
                first, topics=self._topics, limit=BATCH_EVENTS, max_bytes=BATCH_BYTES
            )
            batch = Batch(self._ledger, stored)
            for model, slot, position in self._not_ahead(connection, running, reached):
                wanted = batch.wanted_by(model, position)
                poison = apply_events(connection, model, slot, batch, wanted) if wanted else None
                if poison is not None:
                    self._stop(connection, poison)
            connection.execute(self._advance, {"reached": reached})
        return reached

    def _not_ahead(
        self, connection: Connection, running: list[Running], reached: int
    ) -> list[Running]:
        """Stop the projections that know of more events than there are: the ledger was restored.

        What it records next at those positions is something else, which they would pass over.
        """
        if all(position <= reached for _, _, position in running):
            return running
        head = self._ledger.store.max_notification_id()
        for model, _, position in running:
            if position > head:
                self._stop(connection, Poison(model.name, position + 1, AHEAD))
        return [each for each in running if each[2] <= head]

    def _beat(self, connection: Connection) -> None:
        if time.monotonic() - self._beaten > BEAT_SECONDS:
            self._views.beat(connection, self._owner)
            self._beaten = time.monotonic()

    def resume(self) -> bool:
        """Let projections that had stopped try their event again: the program may be a better one."""
        with self._views.writing() as connection:
            mine = projections.c.name.in_([model.name for model in self._models])
            curable = or_(projections.c.error.is_(None), projections.c.error != AHEAD)
            cured = update(projections).where(mine, curable)
            connection.execute(cured.values(stopped_at=None, error=None))
        return True

    def _running(self, connection: Connection) -> list[Running]:
        rows = {row.name: row for row in connection.execute(select(projections))}
        return [
            (model, rows[model.name].slot, rows[model.name].position)
            for model in self._models
            if rows[model.name].stopped_at is None
        ]

    def _stop(self, connection: Connection, poison: Poison) -> None:
        now = micros(datetime.now(UTC))
        stopped = {"position": poison.position - 1, "stopped_at": now, "error": poison.error}
        connection.execute(
            update(projections).where(projections.c.name == poison.projection).values(**stopped)
        )
        self._report("projection-stopped", vars(poison))
