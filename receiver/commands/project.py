"""kitledger project: the projector, the keeper of the transparency log, and the WAL checkpoints."""

import gc
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from receiver.commands.shared import open_services

if TYPE_CHECKING:
    from receiver.services import Services

UNCOLLECTED = 100_000
"""How many more objects there may be before the collector looks for cycles."""


@click.command()
@click.option("--parent", type=int, hidden=True, help="End when this process is not the parent.")
def project(parent: int | None) -> None:
    """Project without serving HTTP; a second one waits, and takes over when the first dies."""
    import structlog

    from projections.models import all_projections
    from projections.projector import Projector
    from receiver.server import logs
    from receiver.services import sqlite_files
    from store.wal_checkpoints import run_wal_checkpoints

    # The many short-lived objects of a batch have no cycles: looking for those took a tenth of the time.
    gc.freeze()
    gc.set_threshold(UNCOLLECTED)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        # By a thread: the main one, which runs this, may hold the lock of `stop` just now.
        signal.signal(name, lambda *_: threading.Thread(target=stop.set).start())
    with open_services(create=True) as services:
        logs.configure(services.settings.log_level)
        log = structlog.get_logger()
        _watch(stop, parent)
        files = sqlite_files(services.settings)
        threading.Thread(
            target=run_wal_checkpoints, args=(files, stop, _log_events_to(log)), daemon=True
        ).start()
        projector = Projector(
            services.ledger, services.read_database, all_projections(), _log_events_to(log)
        )
        while not stop.is_set():
            with services.read_database.wait_for_lock("projector", stop) as still_held:
                if not stop.is_set():
                    log.info("projector-starts", pid=os.getpid())
                    with keeping_the_log(services, _log_events_to(log)):
                        projector.run(stop, still_held)
    log.info("projector-stops", pid=os.getpid())


@contextmanager
def keeping_the_log(services: "Services", log_event: Any) -> Iterator[None]:
    """Keep the transparency log in threads, as long as this process has the lock of the projector."""
    from audit.tlog.anchoring import Anchoring
    from audit.tlog.keeper import LogKeeper
    from receiver.transparency import anchors, signer

    anchoring = Anchoring(anchors(services), services.tlog, log_event)
    keeper = LogKeeper(
        services.ledger.store,
        services.tlog,
        signer(services),
        services.settings.checkpoint_seconds,
        log_event,
        anchoring.wake,
    )
    stop = threading.Event()
    thread = threading.Thread(target=keeper.run, args=(stop,), name="log-keeper", daemon=True)
    thread.start()
    try:
        with anchoring.running():
            yield
    finally:
        stop.set()
        thread.join()


def _log_events_to(log: Any) -> Any:
    def log_event(name: str, fields: dict[str, Any]) -> None:
        log.error(name, **fields)

    return log_event


def _watch(stop: threading.Event, parent: int | None) -> None:
    """Set `stop` when the parent process has died."""

    def watch() -> None:
        while not stop.wait(0.5):
            if os.getppid() != parent:
                stop.set()

    if parent is not None:
        threading.Thread(target=watch, daemon=True).start()
