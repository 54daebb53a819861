"""A run of tests can't hang: what hangs is ended within its limit, and each thread's stack is shown."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIMIT = 1
SLACK_SECONDS = 60

IN_A_TEST = """
import threading

def wait_in_a_thread():
    threading.Event().wait()

def test_that_hangs():
    threading.Thread(target=wait_in_a_thread).start()
    threading.Lock().acquire()
    held = threading.Lock()
    held.acquire()
    held.acquire()

def test_that_comes_after_it():
    pass
"""
IN_A_FIXTURE = """
import pytest, threading

@pytest.fixture
def wait_in_a_fixture():
    yield
    threading.Event().wait()

def test_that_hangs(wait_in_a_fixture):
    pass
"""
AFTER_THE_LAST_TEST = """
import threading
from tests.harness import hanging

hanging.END_SECONDS = 1

def wait_in_a_thread():
    threading.Event().wait()

def test_that_leaves_a_thread():
    threading.Thread(target=wait_in_a_thread).start()
"""
WHILE_COLLECTED = """
import threading
from tests.harness import hanging

hanging.limit(1)

def wait_while_collected():
    threading.Event().wait()

wait_while_collected()
"""


def run(folder: Path, program: str, *options: str) -> tuple[int, str]:
    """Run a test module with the settings of this project; return status and output."""
    module = folder / "test_module.py"
    module.write_text(program)
    limits = ("-p", "tests.harness.hanging", "-o", f"faulthandler_timeout={LIMIT}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", ROOT / "setup.cfg", *limits, *options, module],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT + SLACK_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("program", "places"),
    [
        (IN_A_TEST, ["test_that_hangs", "wait_in_a_thread"]),
        (IN_A_FIXTURE, ["wait_in_a_fixture"]),
        (AFTER_THE_LAST_TEST, ["wait_in_a_thread"]),
        (WHILE_COLLECTED, ["wait_while_collected"]),
    ],
    ids=["in a test", "in a fixture", "after the last test", "while collected"],
)
def test_what_hangs_is_ended_with_all_stacks(
    tmp_path: Path, program: str, places: list[str]
) -> None:
    status, output = run(tmp_path, program)

    assert status == 1, output
    assert "Timeout" in output
    stacks = output[output.index("Timeout") :]
    assert [place for place in places if f"in {place}" not in stacks] == [], output


def test_one_that_hangs_where_tests_are_spread_fails_and_the_others_still_run(
    tmp_path: Path,
) -> None:
    status, output = run(tmp_path, IN_A_TEST, "-n", "1", "--dist", "worksteal")

    assert status == 1, output
    assert "1 failed, 1 passed" in output
    assert "in wait_in_a_thread" in output
