"""JSON pointers (RFC 6901): removing what they name."""

from contextlib import suppress
from typing import Any


def remove(value: Any, pointer: str) -> None:
    """Remove a part of a JSON value, such as `/data/attempt` or `/tags/0`, if it is there."""
    *steps, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    with suppress(KeyError, IndexError, TypeError):
        for step in steps:
            value = value[_key(value, step)]
        del value[_key(value, last)]


def _key(value: Any, step: str) -> str | int:
    return int(step) if isinstance(value, list) and step.isdecimal() else step
