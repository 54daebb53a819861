"""Locations: where in a webhook a value stands, written as data.

`header:NAME` is the value of a header; `body:/json/pointer` a value in the JSON body; `body:` all of it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain import json_pointers

LONGEST = 256
_HEADER = re.compile(r"header:([A-Za-z0-9-]{1,64})")
_BODY = re.compile(r"body:((?:/(?:[^/~]|~[01])*)*)")


@dataclass(frozen=True, slots=True)
class Location:
    """A header, by its name in lower case, or a JSON pointer into the body; the other one is None."""

    header: str | None
    pointer: str | None

    def __str__(self) -> str:
        return f"header:{self.header}" if self.pointer is None else f"body:{self.pointer}"

    def find(self, headers: Mapping[str, str], body: Any) -> Any:
        """Return the value there; `headers` by lower-case names. Raises LookupError when there is none."""
        if self.pointer is None:
            return headers[self.header or ""]
        return json_pointers.find(body, self.pointer)


def parse(text: str) -> Location:
    """Return the location that a text names; raises ValueError, with one line, for any other text."""
    if len(text) <= LONGEST and text.isprintable():
        if header := _HEADER.fullmatch(text):
            return Location(header[1].lower(), None)
        if body := _BODY.fullmatch(text):
            return Location(None, body[1])
    raise ValueError("a location is header:NAME, body:/json/pointer, or body: for all of it")
