"""Bodies that are one envelope, or an array of them."""

from collections.abc import Callable
from typing import Any

from domain.messages import InvalidEnvelope, Message
from receiver import strict_json

LONGEST_ARRAY = 1000
ReadOne = Callable[[Any, bytes], Message | InvalidEnvelope]
"""A function that reads one envelope: its JSON value, and its bytes."""


def read(
    body: bytes, read_one: ReadOne, *, array: bool = True
) -> tuple[list[Message | InvalidEnvelope], bool]:
    """Parse a body; return a message for each envelope, and whether it was an array of them.

    Unless `array`, an array is one envelope. Raises nothing: a body that is not JSON becomes an
    InvalidEnvelope.
    """
    try:
        text = strict_json.decode(body)
        value = strict_json.parse(text)
    except ValueError as error:
        errors = {"body": [f"Not JSON: {str(error)[:200]}."]}
        return [InvalidEnvelope(body, "not-json", errors)], False
    if not (array and isinstance(value, list)):
        return [read_one(value, body)], False
    if len(value) > LONGEST_ARRAY:
        errors = {"body": [f"More than {LONGEST_ARRAY} events."]}
        return [InvalidEnvelope(body, "invalid", errors)], False
    bodies = strict_json.elements(text) if value else ()
    return [read_one(*pair) for pair in zip(value, bodies, strict=True)], True
