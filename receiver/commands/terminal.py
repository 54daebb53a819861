"""Text on a terminal: what a sender or a caller has sent must neither steer it nor mislead its reader."""

import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager


def printable(text: str) -> str:
    """Return a text on one line, with escapes for control, direction and other invisible characters."""
    return text if text.isprintable() else "".join(map(_shown, text))


@contextmanager
def until_interrupted() -> Iterator[None]:
    """End a block quietly on Ctrl-C, and when the reader of standard output has gone."""
    try:
        yield
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        # What is still to be printed goes nowhere, else Python would complain at its end.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _shown(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode()
