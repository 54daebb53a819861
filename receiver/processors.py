"""The number of processors that a process may use, and of worker processes that a server may have."""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

MOST_WORKERS = 64
MOUNTS = ("", "unified", "cpu", "cpu,cpuacct")
"""Directories below /sys/fs/cgroup that may hold groups of version 2, or those of `cpu` of version 1."""


def processors(root: Path = Path("/")) -> int:
    """Return how many processors this process may use by its affinity and by the quotas of its cgroups.

    `root` is where /proc and /sys are.
    """
    allowed = len(os.sched_getaffinity(0))
    return max(1, min([allowed, *(math.ceil(quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """Yield the quota of each cgroup that this process is in, in processors."""
    for group in _groups(root):
        with suppress(OSError, ValueError):
            quota, period = (group / "cpu.max").read_text().split()
            yield int(quota) / int(period)
        with suppress(OSError, ValueError):
            quota = (group / "cpu.cfs_quota_us").read_text()
            if int(quota) > 0:
                yield int(quota) / int((group / "cpu.cfs_period_us").read_text())


def _groups(root: Path) -> Iterator[Path]:
    """Yield the folders of this process's cgroups and of all above, since each has a quota.

    Within a container the names may be those of the host, whose folders are missing: then the folder
    where the groups are mounted is the container's.
    """
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, name = line.split(":", 2)
            if controllers and "cpu" not in controllers.split(","):
                continue
            path = PurePosixPath(name.lstrip("/"))
            for mount in MOUNTS:
                for each in (path, *path.parents):
                    yield root / "sys/fs/cgroup" / mount / each
