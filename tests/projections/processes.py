"""Real projector processes: `kitledger project`, as an operator starts it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select

from projections.tables import projector
from tests.harness.waiting import PATIENCE_SECONDS, wait_until
from tests.projections.world import World


class Processes:
    """Some `kitledger project` in one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.alive: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> subprocess.Popen[bytes]:
        """Start one more."""
        process = subprocess.Popen(
            [sys.executable, "-m", "receiver", "project"],
            env={**os.environ, **self.world.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.alive[process.pid] = process
        return process

    def owner(self) -> int | None:
        """Return the process that projects, by what it last wrote into the database."""
        with self.world.views.engine.connect() as connection:
            name = connection.scalar(select(projector.c.owner))
        pid = None if name is None else int(name.rpartition(":")[2])
        return pid if pid in self.alive else None

    def await_owner(self) -> int:
        """Return the process that projects, once there is one."""
        wait_until(lambda: self.owner() is not None)
        owner = self.owner()
        assert owner is not None
        return owner

    def kill(self, pid: int) -> None:
        """End a process without a warning."""
        process = self.alive.pop(pid)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self, pid: int) -> int:
        """Ask a process to end, and return its exit status."""
        process = self.alive.pop(pid)
        process.terminate()
        return process.wait(PATIENCE_SECONDS)

    def caught_up(self) -> bool:
        """Say whether every projection has come to the ledger's end."""
        return set(self.world.positions().values()) == {self.world.head}


@contextmanager
def processes(world: World, count: int) -> Iterator[Processes]:
    """Start so many, and end all that are left."""
    started = Processes(world)
    try:
        for _ in range(count):
            started.start()
        yield started
    finally:
        for pid in list(started.alive):
            started.kill(pid)
