"""No room for another byte."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import psycopg

from chaos.fault import SQLITE, Fault, Skipped
from chaos.grounds import Ground, Postgres
from chaos.places import Places
from chaos.room import fill, limit, mounted, own_server
from chaos.stage import Stage
from chaos.waiting import until
from tests.harness.postgres.programs import surroundings
from tests.harness.postgres.queries import answers

FULL_SECONDS = 4.0
PAUSE_SECONDS = 0.1
RESTART_SECONDS = 10.0
MIB = 1024 * 1024
LIMIT = str(MIB // 4)
"""More than a log of ours has in a row, so that only what the databases write is refused."""


class DiskFull(Fault):
    """A small filesystem with everything on it is full: the store, the logs, the temporary files."""

    name = "disk full"

    @contextmanager
    def ground(self, places: Places, store: str) -> Iterator[Ground]:
        """Mount a small filesystem, and put everything on it; raises Skipped."""
        with ExitStack() as stack:
            if store == SQLITE:
                small = stack.enter_context(mounted(64 * MIB))
                yield stack.enter_context(places.sqlite(small))
            else:
                small = stack.enter_context(mounted(320 * MIB))
                server = stack.enter_context(own_server(small))
                yield stack.enter_context(places.postgres(server, parent=small))

    def strike(self, stage: Stage) -> None:
        """Fill the rest, wait, and give it back."""
        balloon = stage.ground.folder / "balloon"
        stage.struck()
        for turn in range(int(FULL_SECONDS / PAUSE_SECONDS)):
            fill(balloon)
            if turn == 10 and isinstance(stage.ground, Postgres):
                with suppress(psycopg.Error):
                    # Now the log of the server wants a new file, too.
                    stage.ground.server.query("SELECT pg_switch_wal()")
            time.sleep(PAUSE_SECONDS)
        balloon.unlink()
        stage.over()
        start_again(stage)


class FileLimit(Fault):
    """No file may grow any more (RLIMIT_FSIZE), which takes no right that an ordinary user lacks."""

    name = "file size limit"

    def settings(self, clock: object) -> dict[str, str]:
        """Keep the service's log short, for that is a file, too."""
        return {"LOG_LEVEL": "ERROR"}

    @contextmanager
    def ground(self, places: Places, store: str) -> Iterator[Ground]:
        """Make the store, PostgreSQL's on a server of its own; raises Skipped."""
        if shutil.which("prlimit") is None:
            raise Skipped("there is no prlimit, a program of util-linux")
        with ExitStack() as stack:
            if store == SQLITE:
                yield stack.enter_context(places.sqlite())
            else:
                yield stack.enter_context(places.postgres(stack.enter_context(own_server())))

    def strike(self, stage: Stage) -> None:
        """Limit what the processes may write, wait, and lift the limit; what they start inherits it."""
        stage.struck()
        limit(*writers(stage, LIMIT))
        time.sleep(FULL_SECONDS)
        limit(*writers(stage, "unlimited"))
        stage.over()
        start_again(stage)


def writers(stage: Stage, size: str) -> tuple[list[int], str, dict[str, Any]]:
    """Return the processes that write the store, their limit, and how to act as their owner."""
    if isinstance(stage.ground, Postgres):
        return stage.ground.server.processes(), size, surroundings()
    return stage.service.processes(), size, {}


def start_again(stage: Stage) -> None:
    """Start PostgreSQL, if it gave up; the service has to go on by itself."""
    if isinstance(stage.ground, Postgres):
        server = stage.ground.server
        until(lambda: not server.is_running() or answers(server.url()), RESTART_SECONDS)
        if not server.is_running():
            server.start()
