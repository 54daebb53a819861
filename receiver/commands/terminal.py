"""Text on a terminal: what a sender or a caller has sent must neither steer it nor mislead its reader."""

import unicodedata


def printable(text: str) -> str:
    """Return a text on one line, with escapes for control, direction and other invisible characters."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode()
