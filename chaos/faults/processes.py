"""SIGKILL for one of the service's processes."""

import os
import signal
import time
from pathlib import Path

from chaos.fault import Fault
from chaos.testbed import Testbed
from chaos.waiting import wait_until
from tests.harness.service import Service

KILLS = 3
PAUSE_SECONDS = 0.5
BACKLOG_SECONDS = 1.0
TIMEOUT_SECONDS = 20.0


class WorkerKilled(Fault):
    """Workers are killed, one after another; gunicorn starts new ones."""

    name = "worker killed"

    def inject(self, testbed: Testbed) -> None:
        """Kill a worker several times."""
        testbed.mark_fault_started()
        for turn in range(KILLS):
            workers = workers_of(testbed.service)
            os.kill(workers[turn % len(workers)], signal.SIGKILL)
            time.sleep(PAUSE_SECONDS)


class MasterKilled(Fault):
    """gunicorn's master is killed; the service is started again when its workers have ended."""

    name = "master killed"

    def inject(self, testbed: Testbed) -> None:
        """Kill the master, wait for the end of its children, and start as a supervisor does."""
        service = testbed.service
        assert service.process is not None, "the service runs"
        service.process.kill()
        testbed.mark_fault_started()
        service.process.wait()
        if not wait_until(lambda: not service.processes(), TIMEOUT_SECONDS):
            testbed.log.add_violation("processes outlived their master")
            service.kill()
        testbed.mark_fault_ended()
        service.start()


class ProjectorKilled(Fault):
    """The projector is killed in the middle of a batch; gunicorn starts another."""

    name = "projector killed"
    affects_requests = False
    recovered_when_read = True

    def inject(self, testbed: Testbed) -> None:
        """Let a backlog grow, and kill the projector while it holds the write lock; twice."""
        killed: set[int] = set()
        while len(killed) < 2:
            projector = next_projector(testbed.service, killed)
            os.kill(projector, signal.SIGSTOP)
            time.sleep(BACKLOG_SECONDS)
            os.kill(projector, signal.SIGCONT)
            if not wait_until(testbed.store.is_projecting, TIMEOUT_SECONDS, interval=0):
                testbed.log.add_violation("the projector was never seen in a batch")
            os.kill(projector, signal.SIGKILL)
            testbed.mark_fault_started()
            killed.add(projector)


def next_projector(service: Service, killed: set[int]) -> int:
    """Wait for a projector that was not killed yet."""
    found: set[int] = set()

    def find() -> set[int]:
        found.update(set(projectors_of(service)) - killed)
        return found

    assert wait_until(find, TIMEOUT_SECONDS), "there is no projector"
    return found.pop()


def workers_of(service: Service) -> list[int]:
    """Return the process ids of gunicorn's workers."""
    assert service.process is not None, "the service runs"
    lines = {pid: command_line(pid) for pid in service.processes() if pid != service.process.pid}
    return [pid for pid, words in lines.items() if words and "project" not in words]


def projectors_of(service: Service) -> list[int]:
    """Return the process ids of projectors: one, or none while it is restarted."""
    return [pid for pid in service.processes() if "project" in command_line(pid)]


def command_line(pid: int) -> list[str]:
    """Return a process's command line; empty for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []
