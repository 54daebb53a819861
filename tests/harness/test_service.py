"""The harness for the service: what tests rely on when they start one."""

import subprocess
import sys
from pathlib import Path

from tests.harness.processes import group_of
from tests.harness.waiting import eventually

STARTS_AND_WAITS = """
import sys
from pathlib import Path
from tests.harness.service import Service
service = Service(Path(sys.argv[1]), workers=1).prepare().start()
print(service.process.pid, flush=True)
sys.stdin.read()
"""


def test_no_server_is_left_behind_by_a_process_that_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_AND_WAITS, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        server = int(starter.stdout.readline())
        assert len(group_of(server)) > 1
        starter.kill()
    assert eventually(lambda: group_of(server) == [])
