"""The peak memory of each process of a server, from the kernel's accounting."""

import re
from dataclasses import dataclass
from pathlib import Path

LIMIT_MIB = 150.0


@dataclass(frozen=True)
class Peak:
    """The peak memory of one process, and the work during which it was measured."""

    process: str
    during: str
    mib: float

    @property
    def verdict(self) -> str:
        """Return whether the peak is within the limit: `met` or `MISSED`."""
        return "met" if self.mib <= LIMIT_MIB else "MISSED"


def of_server(pid: int, during: str) -> list[Peak]:
    """Return the peaks of a server's arbiter, its workers and its projector."""
    found = [of_process("arbiter", pid, during)]
    workers = 0
    for child in _children(pid):
        is_projector = _is_projector(child)
        workers += not is_projector
        found.append(
            of_process("projector" if is_projector else f"worker {workers}", child, during)
        )
    return found


def of_process(name: str, pid: int, during: str) -> Peak:
    """Return the peak of one process."""
    status = Path(f"/proc/{pid}/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    return Peak(name, during, int(peak[1]) / 1024 if peak else 0.0)


def highest(peaks: list[Peak]) -> list[Peak]:
    """Return the highest peak of each process."""
    by_process: dict[str, Peak] = {}
    for peak in sorted(peaks, key=lambda peak: peak.mib):
        by_process[peak.process] = peak
    return sorted(by_process.values(), key=lambda peak: peak.process)


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_projector(pid: int) -> bool:
    return b"\0project\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
