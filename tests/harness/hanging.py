"""A plugin that ends a test process which hangs outside of its tests, and shows where each thread is.

Within tests the limit is pytest's own: `faulthandler_timeout` and `faulthandler_exit_on_timeout` in
setup.cfg, which hold for setup, call and teardown alike. All of them end the process from a thread
that needs no interpreter: they work while C code spins, too. pytest-xdist reports the test and goes on
in another process.
"""

import faulthandler
import os
import sys
from functools import cache

import pytest

from tests.harness.workers import hands_out, is_worker

START_SECONDS = 120.0
END_SECONDS = 120.0
WHOLE_SECONDS = 3600.0


def pytest_configure(config: pytest.Config) -> None:
    """Limit how long tests are collected; in the process that only hands them out, the whole run."""
    limit(WHOLE_SECONDS if hands_out(config) else START_SECONDS)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Limit how long the process takes to end, threads that are left and the report included.

    A worker of pytest-xdist waits, after its last test, until the others have run theirs; the limit of
    the whole run holds for it then.
    """
    if is_worker(session.config):
        faulthandler.cancel_dump_traceback_later()
    else:
        limit(END_SECONDS)


def limit(seconds: float) -> None:
    """End this process after so long, in place of the limit before; each test sets its own."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=terminal())


@cache
def terminal() -> int:
    """Return where errors go when the run begins: later they may be captured."""
    assert sys.__stderr__ is not None
    return os.dup(sys.__stderr__.fileno())
