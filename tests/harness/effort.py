"""How hard tests search: briefly in `make test`, at length in `make check`."""

import os

STORES = ("sqlite", "postgres")
LONG = os.environ.get("KITLEDGER_TESTS") == "long"


def effort(brief: int, long: int) -> int:
    """Choose a number of examples, of kills, of steps."""
    return long if LONG else brief
