"""Text on a terminal: what a sender or a caller has sent must neither steer it nor mislead its reader."""

import os
import sys
import unicodedata


def printable(text: str) -> str:
    """Return a text on one line, with escapes for control, direction and other invisible characters."""
    return text if text.isprintable() else "".join(map(_shown, text))


def drop_output() -> None:
    """Let what is still to be printed go nowhere: its reader has gone, and Python would complain at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _shown(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode()
