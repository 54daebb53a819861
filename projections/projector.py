"""The projector: applies the ledger's events to all projections, in batches, each event once."""

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from eventsourcing.persistence import PersistenceError
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import DBAPIError

from domain.ledger import Ledger
from projections.databases import StillHeld
from projections.event_batch import BATCH_BYTES, BATCH_EVENTS, EventBatch, Poison, apply_events
from projections.history import STRANGER, adopt, fingerprint_at, restart
from projections.projection import Projection
from projections.read_database import ReadDatabase
from projections.tables import projections
from projections.times import to_microseconds
from store.follower import BEAT_SECONDS, Pace, follow

PACE = Pace(shortest_idle=0.005, longest_idle=0.02, longest_nap=0.05, naps=4, full=BATCH_EVENTS)

LogEvent = Callable[[str, dict[str, Any]], None]
"""Called with the name of a log event, and its fields."""
Running = tuple[Projection, int, int]
"""A projection, its live slot, and its position."""


class Projector:
    """Apply events to every projection; one step is one transaction of rows and positions.

    So a killed projector applies no event twice and leaves none out. `log_event` is called for each
    log line.
    """

    errors: tuple[type[Exception], ...] = (DBAPIError, PersistenceError)

    def __init__(
        self,
        ledger: Ledger,
        read_database: ReadDatabase,
        models: Sequence[Projection],
        log_event: LogEvent,
    ) -> None:
        self._ledger = ledger
        self._read_database = read_database
        self._models = models
        self._log_event = log_event
        self._topics = sorted({topic for model in models for topic in model.topics})
        self._beaten = 0.0
        self._advance = (
            update(projections)
            .where(projections.c.name.in_([model.name for model in models]))
            .where(projections.c.stopped_at.is_(None))
            .where(projections.c.position < bindparam("reached"))
            .values(position=bindparam("reached"), fingerprint=bindparam("fingerprint"))
        )
        self._owner = f"{socket.gethostname()}:{os.getpid()}"

    def run(self, stop: threading.Event, still_held: StillHeld = lambda: True) -> None:
        """Project until `stop` is set, or until `still_held` returns False: the lock was lost.

        It waits while a database can't be reached.
        """
        follow(self, self._ledger.store.max_notification_id, PACE, stop, still_held)

    def step(self) -> int:
        """Project one batch; return the position that all running projections have reached."""
        with self._read_database.transaction() as connection:
            self._beat(connection)
            running = self._running(connection)
            if not running:
                return self._ledger.store.max_notification_id()
            first = min(position for _, _, position in running)
            stored, reached = self._ledger.store.select_batch(
                first, topics=self._topics, limit=BATCH_EVENTS, max_bytes=BATCH_BYTES
            )
            batch = EventBatch(self._ledger, stored)
            if self._is_ahead(running, reached):
                self._restart(connection)
                return 0
            for model, slot, position in running:
                wanted = batch.wanted_by(model, position)
                poison = apply_events(connection, model, slot, batch, wanted) if wanted else None
                if poison is not None:
                    self._stop(connection, poison)
            if first < reached:
                known = fingerprint_at(self._ledger.store, reached)
                connection.execute(self._advance, {"reached": reached, "fingerprint": known})
        return reached

    def _is_ahead(self, running: list[Running], reached: int) -> bool:
        """Say whether a projection is ahead of the ledger: it was restored to an earlier state."""
        furthest = max(position for _, _, position in running)
        return furthest > reached and furthest > self._ledger.store.max_notification_id()

    def _restart(self, connection: Connection) -> None:
        """Start the projections again that have projected another history than the ledger's."""
        for name in restart(connection, self._ledger.store, self._models):
            self._log_event("projection-restarts", {"projection": name, "error": STRANGER})

    def _beat(self, connection: Connection) -> None:
        if time.monotonic() - self._beaten > BEAT_SECONDS:
            self._read_database.beat(connection, self._owner)
            self._beaten = time.monotonic()

    def prepare(self) -> None:
        """Make the tables if they are gone, as after damage to their file; then resume."""
        self._read_database.migrate(
            self._models, lambda text: self._log_event("read-models-lost", {"error": text})
        )
        self.resume()

    def waits(self, error: Exception) -> None:
        """Log that a database can't be reached."""
        self._log_event("projector-waits", {"error": str(error)})

    def resume(self) -> None:
        """Start stopped projections again: this version of the program may apply their event.

        Those of another history than the ledger's are emptied first.
        """
        with self._read_database.transaction() as connection:
            self._restart(connection)
            adopt(connection, self._ledger.store)
            known = projections.c.name.in_([model.name for model in self._models])
            resumed = update(projections).where(known)
            connection.execute(resumed.values(stopped_at=None, error=None))

    def _running(self, connection: Connection) -> list[Running]:
        rows = {row.name: row for row in connection.execute(select(projections))}
        return [
            (model, rows[model.name].slot, rows[model.name].position)
            for model in self._models
            if rows[model.name].stopped_at is None
        ]

    def _stop(self, connection: Connection, poison: Poison) -> None:
        now = to_microseconds(datetime.now(UTC))
        before = poison.position - 1
        stopped = {
            "position": before,
            "fingerprint": fingerprint_at(self._ledger.store, before),
            "stopped_at": now,
            "error": poison.error,
        }
        connection.execute(
            update(projections).where(projections.c.name == poison.projection).values(**stopped)
        )
        self._log_event("projection-stopped", vars(poison))
