"""wrk: so many connections that send prepared requests for so many seconds, and what it measured."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 64
SCRIPT = Path(__file__).with_name("replay.lua")
HINT = "wrk is missing: it generates the load (Debian: apt-get install wrk)"


class LoadFailed(Exception):
    """wrk could not be run, or did not report."""


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw: answers of any status, those of them beyond 399, latency in ms."""

    answered: int
    seconds: float
    refused: int
    broken: int
    p50: float
    p99: float
    prepared: int

    @property
    def rate(self) -> float:
        """Return the requests answered in a second."""
        return self.answered / self.seconds

    def complaint(self, *, distinct: bool) -> str | None:
        """Say why this run proves nothing, or None when it does."""
        if self.refused or self.broken:
            return f"{self.refused} requests were refused and {self.broken} got no answer"
        if distinct and self.answered + CONNECTIONS >= self.prepared:
            return f"the {self.prepared} prepared requests were too few"
        return None


def require_wrk() -> None:
    """Raise LoadFailed when wrk is not installed."""
    if shutil.which("wrk") is None:
        raise LoadFailed(HINT)


def run(
    address: str, requests: Sequence[bytes], seconds: int, connections: int = CONNECTIONS
) -> Load:
    """Send the requests in turn, from the first again after the last, and measure."""
    with tempfile.NamedTemporaryFile(prefix="kitledger-wrk-") as file:
        for request in requests:
            file.write(b"%d\n%b" % (len(request), request))
        file.flush()
        options = [
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--timeout",
            "10s",
            "-s",
            str(SCRIPT),
        ]
        command = ["wrk", *options, address, "--", file.name]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    report = ended.stdout.strip().rpartition("\n")[2]
    if ended.returncode or not report.startswith("{"):
        raise LoadFailed(f"wrk failed: {(ended.stderr or ended.stdout).strip()[-200:]}")
    return Load(**json.loads(report), prepared=len(requests))
