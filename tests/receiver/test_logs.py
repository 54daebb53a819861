"""Logging, where it could do harm."""

import subprocess
import sys
from pathlib import Path

LOGS_TO_A_FULL_DISK = """
import structlog
from receiver.server import logs
logs.configure("INFO")
for number in range(1000):
    structlog.get_logger().info("request", number=number)
print("still here")
"""


def test_a_log_that_can_not_be_written_disturbs_nobody() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", LOGS_TO_A_FULL_DISK], check=False, stdout=-1, stderr=full
        )

    assert done.stdout == b"still here\n"
