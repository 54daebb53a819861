"""Strict JSON (RFC 8259), with a limit on nesting."""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DEEPEST = 100
TOO_LONG = "an integer has too many digits"
TOO_DEEP = f"nested deeper than {DEEPEST} levels"
_BLANKS = re.compile(r"[ \t\n\r]*")


def is_json_type(mimetype: str) -> bool:
    """Say whether a Content-Type is JSON, or none was given."""
    return (
        not mimetype
        or mimetype == "application/json"
        or (mimetype.startswith("application/") and mimetype.endswith("+json"))
    )


def decode(body: bytes) -> str:
    """Return the text of a body, without the byte order mark that some senders begin with."""
    return body.removeprefix(BYTE_ORDER_MARK).decode()


def parse(text: str) -> Any:
    """Parse a JSON text; raises ValueError, also for NaN, and for a number beyond a double.

    So it does for nesting deeper than DEEPEST: the interpreter's own limit depends on the depth of the
    caller, and a text that was accepted once must be accepted always.
    """
    try:
        value = _decoder.decode(text)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    except ValueError as error:
        # Python's own words advise its programmer.
        if "set_int_max_str_digits" in str(error):
            raise ValueError(TOO_LONG) from None
        raise
    if text.count("{") + text.count("[") > DEEPEST:
        _check_depth(value)
    return value


def elements(text: str) -> Iterator[bytes]:
    """Yield the exact bytes of each element of a valid JSON array that is not empty."""
    end = text.index("[")
    while text[end] != "]":
        start = _skip_blanks(text, end + 1)
        _, stop = _decoder.raw_decode(text, start)
        yield text[start:stop].encode()
        end = _skip_blanks(text, stop)


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise ValueError(TOO_DEEP)
        nested = [each for each in level if isinstance(each, dict | list)]
        level = [
            inner
            for each in nested
            for inner in (each.values() if isinstance(each, dict) else each)
        ]


def _skip_blanks(text: str, start: int) -> int:
    found = _BLANKS.match(text, start)
    return found.end() if found else start


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


_decoder = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
