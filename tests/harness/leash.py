"""What ends servers when the process that started them is killed and can end nothing itself."""

import subprocess
from pathlib import Path

# The end of its input is the end of the process that held the other end. PR_SET_PDEATHSIG would do
# with less, but it fires when the starting thread ends, and needs code between fork and exec.
CLUSTER = """
read -r _ && exit
pid=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null)
while grep -qs "$1/data" "/proc/$pid/cmdline"; do
    kill -CONT "$pid"; kill -QUIT "$pid"; sleep 0.2
done
rm -rf "$1"
"""
GROUP = """
read -r _ && exit
kill -s KILL -- "-$1"
"""


class Leash:
    """Watch over something that another program made, until released or until this process is no more."""

    def __init__(self, script: str, argument: str) -> None:
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", script, "leash", argument],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @classmethod
    def of_cluster(cls, folder: Path) -> "Leash":
        """Stop a cluster's server in the end, and remove its folder."""
        return cls(CLUSTER, str(folder))

    @classmethod
    def of_group(cls, leader: int) -> "Leash":
        """Kill a process group in the end."""
        return cls(GROUP, str(leader))

    def release(self) -> None:
        """Watch no more; again, it does nothing."""
        if self._watcher.returncode is None:
            self._watcher.communicate(b"\n")
