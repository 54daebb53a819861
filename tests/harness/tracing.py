"""Coverage of the processes that tests start, in the same report as that of the tests' own process."""

import os
from pathlib import Path

import coverage

ROOT = Path(__file__).parents[2]
VARIABLE = "COVERAGE_PROCESS_CONFIG"


def trace_subprocesses() -> None:
    """Let each Python that is started from now on measure itself, if this one is measured.

    Only there are greenlets followed. In this process, whose thread pools come and go, each of their
    threads would get a greenlet: on Python 3.11 the tracer and the end of these have hung together.
    """
    if coverage.Coverage.current() is None:
        return
    traced = coverage.Coverage(config_file=str(ROOT / "setup.cfg"))
    traced.set_option("run:concurrency", ["gevent", "multiprocessing", "thread"])
    traced.set_option("run:sigterm", True)
    traced.set_option("run:parallel", True)
    traced.set_option("run:data_file", str(ROOT / ".coverage"))
    os.environ[VARIABLE] = traced.config.serialize()
