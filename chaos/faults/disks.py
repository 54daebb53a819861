"""Writes that fail: no space on the disk, or a limit to the size of files."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import psycopg

from chaos.disk_space import dedicated_server, fill_disk, limit_file_size, small_filesystem
from chaos.fault import SQLITE, Fault, Skipped
from chaos.store_factory import StoreFactory
from chaos.store_under_test import PostgresStore, StoreUnderTest
from chaos.testbed import Testbed
from chaos.waiting import wait_until
from tests.harness.postgres.programs import surroundings
from tests.harness.postgres.queries import answers

FULL_SECONDS = 4.0
PAUSE_SECONDS = 0.1
RESTART_SECONDS = 10.0
MIB = 1024 * 1024
FILE_LIMIT = str(MIB // 4)
"""More than the service's log needs in an experiment: only the databases exceed it."""


class DiskFull(Fault):
    """The filesystem of the store, the logs and the temporary files has no space left."""

    name = "disk full"

    @contextmanager
    def store_under_test(self, stores: StoreFactory, kind: str) -> Iterator[StoreUnderTest]:
        """Provide a store on a small filesystem of its own; raises Skipped."""
        with ExitStack() as stack:
            if kind == SQLITE:
                folder = stack.enter_context(small_filesystem(64 * MIB))
                yield stack.enter_context(stores.sqlite(folder))
            else:
                folder = stack.enter_context(small_filesystem(320 * MIB))
                server = stack.enter_context(dedicated_server(folder))
                yield stack.enter_context(stores.postgres(server, parent=folder))

    def inject(self, testbed: Testbed) -> None:
        """Keep the disk full for some seconds, then free the space."""
        filler = testbed.store.folder / "filler"
        testbed.mark_fault_started()
        for turn in range(int(FULL_SECONDS / PAUSE_SECONDS)):
            fill_disk(filler)
            if turn == 10 and isinstance(testbed.store, PostgresStore):
                with suppress(psycopg.Error):
                    # The WAL was preallocated: only a new segment needs space.
                    testbed.store.server.query("SELECT pg_switch_wal()")
            time.sleep(PAUSE_SECONDS)
        filler.unlink()
        testbed.mark_fault_ended()
        restart_postgres(testbed)


class FileLimit(Fault):
    """Files can't grow beyond a limit (RLIMIT_FSIZE), which ordinary users may set, too."""

    name = "file size limit"

    def settings(self, clock: object) -> dict[str, str]:
        """Keep the service's log short, since the limit applies to it, too."""
        return {"LOG_LEVEL": "ERROR"}

    @contextmanager
    def store_under_test(self, stores: StoreFactory, kind: str) -> Iterator[StoreUnderTest]:
        """Provide a store, PostgreSQL's on a server of its own; raises Skipped."""
        if shutil.which("prlimit") is None:
            raise Skipped("there is no prlimit, a program of util-linux")
        with ExitStack() as stack:
            if kind == SQLITE:
                yield stack.enter_context(stores.sqlite())
            else:
                server = stack.enter_context(dedicated_server())
                yield stack.enter_context(stores.postgres(server))

    def inject(self, testbed: Testbed) -> None:
        """Limit the writing processes, which their children inherit; wait, and lift the limit."""
        testbed.mark_fault_started()
        limit_writers(testbed, FILE_LIMIT)
        time.sleep(FULL_SECONDS)
        limit_writers(testbed, "unlimited")
        testbed.mark_fault_ended()
        restart_postgres(testbed)


def limit_writers(testbed: Testbed, size: str) -> None:
    """Limit the processes that write the store."""
    account: dict[str, Any] = {}
    pids = testbed.service.processes()
    if isinstance(testbed.store, PostgresStore):
        account, pids = surroundings(), testbed.store.server.processes()
    limit_file_size(pids, size, account)


def restart_postgres(testbed: Testbed) -> None:
    """Start PostgreSQL if it has shut down; the service itself is not restarted."""
    if isinstance(testbed.store, PostgresStore):
        server = testbed.store.server
        wait_until(lambda: not server.is_running() or answers(server.url()), RESTART_SECONDS)
        if not server.is_running():
            server.start()
