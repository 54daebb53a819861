"""The routes …/history/ of all things: their events, and what each has changed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from flask import Response, abort

from audit.entries import Entry
from audit.history import Histories
from receiver import pages
from receiver.access import requires
from receiver.blueprint import Blueprint
from receiver.consistency import last_position
from receiver.current import services
from receiver.entry_schemas import EntrySchema
from receiver.shown_values import show


def histories() -> Histories:
    """Return the reader of histories."""
    return Histories(services().ledger, show)


def answer_entries(entries: list[Entry], limit: int, *, subjects: bool = False) -> Response:
    """Return a page of entries, and with `subjects` what each is about.

    One more than `limit` shows that there is a next page. The schemas describe the entries, but don't dump
    them: with all that is nested in each, that would take longer than all else.
    """
    rows: list[dict[str, Any]] = msgspec.to_builtins(entries, builtin_types=(datetime,))
    for row in rows:
        row["recorded_at"] = row["recorded_at"].isoformat(timespec="microseconds")
        if not subjects:
            del row["subject"]
    return pages.page(rows, limit, lambda page: page, ["position"])


def add_history(
    blueprint: Blueprint,
    path: str,
    stream_of: Callable[..., str],
    thing: str,
    *,
    exists: Callable[..., bool] = lambda **_: False,
) -> None:
    """Add the route that answers the history of a thing.

    `stream_of` returns the name of its stream from the arguments in the path; it may raise NotFound. A
    stream without events is answered 404, too, unless the thing `exists` outside of the ledger.
    """

    def get_history(query: dict[str, Any], **names: Any) -> Response:
        until, stream = last_position(), stream_of(**names)
        wanted = {"after": (query["after"] or (0,))[0], "limit": query["limit"] + 1}
        found = histories().of_stream(stream, until=until, **wanted)
        if not found and query["after"] is None and not exists(**names):
            abort(404, f"there is no such {thing}")
        return answer_entries(found, query["limit"])

    get_history.__name__ = f"get_history_of_{thing.replace(' ', '_')}"
    get_history.__doc__ = f"Get the history of one {thing}"
    shown = blueprint.response(200, EntrySchema(many=True))
    route = requires("auditor")(blueprint.query(pages.IdPageSchema)(shown(get_history)))
    blueprint.route(path)(route)
