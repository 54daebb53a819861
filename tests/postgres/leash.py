"""What ends a server when the process that started it is killed and can end nothing itself."""

import subprocess
from pathlib import Path

# The end of its input is the end of the process that held the other end. PR_SET_PDEATHSIG would do
# with less, but it fires when the starting thread ends, and needs code between fork and exec.
WATCH = """
read -r _ && exit
pid=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null)
while grep -qs "$1/data" "/proc/$pid/cmdline"; do
    kill -CONT "$pid"; kill -QUIT "$pid"; sleep 0.2
done
rm -rf "$1"
"""


class Leash:
    """Watch over a cluster's folder: stop its server and remove it once this process is no more."""

    def __init__(self, folder: Path) -> None:
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", WATCH, "leash", folder],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def release(self) -> None:
        """Watch no more."""
        self._watcher.communicate(b"\n")
