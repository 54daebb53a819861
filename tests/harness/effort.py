"""How hard tests search: briefly in `make test`, at length in `make check`."""

import os

import pytest

LONG = os.environ.get("KITLEDGER_TESTS") == "long"


def effort(brief: int, long: int) -> int:
    """Choose a number of examples, of kills, of steps."""
    return long if LONG else brief


STORES = ("sqlite", "postgres")
on_one_store_at_least = pytest.mark.parametrize(
    "store", STORES[: effort(1, 2)], indirect=True, scope="session"
)
"""For tests that start servers and ask nothing of the store but what others ask of both."""
