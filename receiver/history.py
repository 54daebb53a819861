"""The routes …/history/ of all things: their events, and what each has changed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from flask import Response, abort, current_app, request

from audit.bundles.errors import BundleError
from audit.bundles.history_proofs import history_proof
from audit.entries import Entry
from audit.history import Histories
from audit.tlog.entries import NoEntry
from receiver import pages
from receiver.access import requires
from receiver.blueprint import Blueprint
from receiver.consistency import last_position
from receiver.current import services
from receiver.entry_schemas import EntrySchema
from receiver.shown_values import show

PROOF = "application/vnd.kitledger.proof+json"
DESCRIPTION = f"""`Accept: {PROOF}` answers all events of it, with the bytes and signatures of their
deliveries, and the proof that each is in the log: what `kitledger-verify` checks."""


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
        if request.accept_mimetypes.best_match(["application/json", PROOF]) == PROOF:
            return _proof(stream, until)
        wanted = {"after": (query["after"] or (0,))[0], "limit": query["limit"] + 1}
        found = histories().of_stream(stream, until=until, **wanted)
        if not found and query["after"] is None and not exists(**names):
            abort(404, f"there is no such {thing}")
        response = answer_entries(found, query["limit"])
        response.vary.add("Accept")
        return response

    get_history.__name__ = f"get_history_of_{thing.replace(' ', '_')}"
    get_history.__doc__ = f"Get the history of one {thing}\n\n{DESCRIPTION}"
    shown = blueprint.response(200, EntrySchema(many=True))
    documented = blueprint.doc(
        responses={200: {"content": {PROOF: {"schema": {"type": "object"}}}}}
    )
    query = blueprint.query(pages.IdPageSchema)
    route = requires("auditor")(query(shown(documented(get_history))))
    blueprint.route(path)(route)


def _proof(stream: str, until: int) -> Response:
    """Return the proof of a history; aborts with 404 where no checkpoint covers any of it."""
    try:
        proof = history_proof(services().ledger, services().tlog, stream, until)
    except (BundleError, LookupError, NoEntry) as error:
        abort(409, str(error))
    if proof is None:
        abort(404, "no checkpoint covers an event of it")
    response = current_app.response_class(proof.encode(), content_type=PROOF)
    response.vary.add("Accept")
    return response
