"""JSON pointers (RFC 6901): finding and removing what they name."""

from contextlib import suppress
from typing import Any


def find(value: Any, pointer: str) -> Any:
    """Return a part of a JSON value; an empty pointer names all of it. Raises LookupError if it isn't there."""
    for step in _steps(pointer):
        try:
            value = value[_key(value, step)]
        except TypeError as error:
            raise LookupError(pointer) from error
    return value


def put(value: Any, pointer: str, part: Any) -> Any:
    """Return a JSON value with a part set; objects on the way to it are made.

    Raises LookupError when something else is on the way.
    """
    if not pointer:
        return part
    *steps, last = _steps(pointer)
    whole = inner = value if isinstance(value, dict) else {}
    try:
        for step in steps:
            inner = inner.setdefault(step, {})
        inner[last] = part
    except (AttributeError, TypeError) as error:
        raise LookupError(pointer) from error
    return whole


def remove(value: Any, pointer: str) -> None:
    """Remove a part of a JSON value, such as `/data/attempt` or `/tags/0`, if it is there."""
    *steps, last = _steps(pointer)
    with suppress(LookupError, TypeError):
        for step in steps:
            value = value[_key(value, step)]
        del value[_key(value, last)]


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _key(value: Any, step: str) -> str | int:
    if not isinstance(value, list):
        # Text refuses such an index by a TypeError, as numbers do.
        return step
    if not (step.isascii() and step.isdigit()):
        raise LookupError(step)
    return int(step)
