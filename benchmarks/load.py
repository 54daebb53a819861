"""Load generation with wrk, and its measurements."""

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
    """wrk is missing, failed, or did not report."""


@dataclass(frozen=True)
class Load:
    """The result of one run of wrk; refused responses have a status above 399, latencies are in ms."""

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

    def problems(self, *, distinct: bool) -> list[str]:
        """Return why this run is void, if it is; distinct requests must not be sent twice."""
        if self.refused or self.broken:
            return [f"{self.refused} requests were refused and {self.broken} got no answer"]
        if distinct and self.answered + CONNECTIONS >= self.prepared:
            return [f"the {self.prepared} prepared requests were too few"]
        return []


def require_wrk() -> None:
    """Raise LoadFailed when wrk is not installed."""
    if shutil.which("wrk") is None:
        raise LoadFailed(HINT)


def run(
    address: str, requests: Sequence[bytes], seconds: int, connections: int = CONNECTIONS
) -> Load:
    """Send the requests in order, starting over after the last one, and measure."""
    with tempfile.NamedTemporaryFile(prefix="kitledger-wrk-") as file:
        for request in requests:
            file.write(b"%d\n%b" % (len(request), request))
        file.flush()
        options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
        command = ["wrk", *options, "-s", str(SCRIPT), address, "--", file.name]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    report = ended.stdout.strip().rpartition("\n")[2]
    if ended.returncode or not report.startswith("{"):
        raise LoadFailed(f"wrk failed: {(ended.stderr or ended.stdout).strip()[-200:]}")
    return Load(**json.loads(report), prepared=len(requests))
