"""Which of pytest-xdist's processes this is."""

import pytest


def hands_out(config: pytest.Config) -> bool:
    """Say whether other processes run the tests."""
    return bool(config.getoption("numprocesses", None)) and not is_worker(config)


def is_worker(config: pytest.Config) -> bool:
    """Say whether this process runs tests for another."""
    return hasattr(config, "workerinput")
