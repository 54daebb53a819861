"""SIGKILL for one of the service's processes."""

import os
import signal
import time
from pathlib import Path

from chaos.fault import Fault
from chaos.stage import Stage
from chaos.waiting import until
from tests.harness.service import Service

KILLS = 3
PAUSE_SECONDS = 0.5
BACKLOG_SECONDS = 1.0
PATIENCE_SECONDS = 20.0


class WorkerKilled(Fault):
    """Workers are killed, one after another; gunicorn starts others."""

    name = "worker killed"

    def strike(self, stage: Stage) -> None:
        """Kill one of the workers, a few times."""
        stage.struck()
        for turn in range(KILLS):
            workers = processes_of(stage.service)[1]
            os.kill(workers[turn % len(workers)], signal.SIGKILL)
            time.sleep(PAUSE_SECONDS)


class MasterKilled(Fault):
    """gunicorn's first process is killed; when its orphans have ended, the service is started again."""

    name = "master killed"

    def strike(self, stage: Stage) -> None:
        """Kill it, wait for the end of the others, and start as a supervisor does."""
        service = stage.service
        assert service.process is not None, "it runs"
        service.process.kill()
        stage.struck()
        service.process.wait()
        if not until(lambda: not service.processes(), PATIENCE_SECONDS):
            stage.account.fault("processes went on without their master")
            service.kill()
        stage.over()
        service.start()


class ProjectorKilled(Fault):
    """The projector is killed in the middle of a batch; gunicorn starts another."""

    name = "projector killed"
    felt = False
    until_shown = True

    def strike(self, stage: Stage) -> None:
        """Let much wait for it, and kill it while it has the lock of who writes; twice."""
        killed: set[int] = set()
        while len(killed) < 2:
            projector = another_projector(stage.service, killed)
            os.kill(projector, signal.SIGSTOP)
            time.sleep(BACKLOG_SECONDS)
            os.kill(projector, signal.SIGCONT)
            if not until(stage.ground.projecting, PATIENCE_SECONDS, nap=0):
                stage.account.fault("the projector was never seen in a batch")
            os.kill(projector, signal.SIGKILL)
            stage.struck()
            killed.add(projector)


def another_projector(service: Service, killed: set[int]) -> int:
    """Wait for a projector that was not killed before."""
    found: set[int] = set()

    def look() -> set[int]:
        found.update(set(processes_of(service)[2]) - killed)
        return found

    assert until(look, PATIENCE_SECONDS), "there is no projector"
    return found.pop()


def processes_of(service: Service) -> tuple[list[int], list[int], list[int]]:
    """Return the ids of the master, of the workers, and of the projector."""
    assert service.process is not None, "it runs"
    master, alive = service.process.pid, service.processes()
    projectors = [pid for pid in alive if "project" in command_of(pid)]
    workers = [pid for pid in alive if pid != master and pid not in projectors]
    return [master], [pid for pid in workers if command_of(pid)], projectors


def command_of(pid: int) -> list[str]:
    """Return the words of a process's command line; none of a process that is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []
