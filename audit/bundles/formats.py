"""The forms in which a bundle can hold its events."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from audit.bundles import json_lines, parquet
from audit.bundles.errors import BundleError
from audit.bundles.lines import Line


class Format(NamedTuple):
    """A form: its name, by which its files end, and how files are written and read."""

    name: str
    write: Callable[[BinaryIO, Iterable[Line]], None]
    read: Callable[[Path], Iterator[Line]]


FORMATS = {each.NAME: Format(each.NAME, each.write, each.read) for each in (json_lines, parquet)}


def format_of(name: str) -> Format:
    """Return the form with a name; raises BundleError."""
    found = FORMATS.get(name)
    if found is None:
        raise BundleError(
            f"the events are in the form {name!r}, and here {', '.join(FORMATS)} are known"
        )
    return found
