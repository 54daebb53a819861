"""The parameters of query strings: those that a route does not know are refused, and named."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import wraps
from typing import Any

from flask import abort, request

from receiver.errors import problem

MOST_NAMED = 20


def known_parameters_only(
    route: Callable[..., Any], also: Sequence[str] = ()
) -> Callable[..., Any]:
    """Abort with 400 when a request has other parameters than the `parameters` of its route, and `also`."""
    known: Sequence[str] = (*getattr(route, "parameters", ()), *also)

    @wraps(route)
    def checked(*arguments: Any, **path: Any) -> Any:
        if request.query_string:
            _check(known)
        return route(*arguments, **path)

    return checked


def _check(known: Sequence[str]) -> None:
    unknown = [name for name in request.args if name not in known][:MOST_NAMED]
    if unknown:
        errors = {name: [_hint(name, known)] for name in unknown}
        abort(problem(400, f"unknown query parameters: {', '.join(unknown)}", errors=errors))


def _hint(name: str, known: Sequence[str]) -> str:
    nearest = get_close_matches(name.lower()[:64], known, 1)
    if nearest:
        return f"Unknown parameter; did you mean {nearest[0]}?"
    return f"Unknown parameter; known here: {', '.join(known) or 'none'}."
