"""The parameters `as_of` and `as_of_position`: a read is answered as it was at that position."""

from typing import Any

from flask import Request, Response, abort, g, request

from audit.moments import position_at
from receiver import dates
from receiver.current import services
from receiver.date_fields import QueryDateTime
from receiver.errors import BY_FIELD, problem
from receiver.fields import QueryId
from receiver.requests import StrictParser
from receiver.schemas import Lenient

TIME, POSITION = "as_of", "as_of_position"
PARAMETERS = (TIME, POSITION)
UNCHANGING = {200, 304, 404}
"""The statuses of answers that follow from the events up to a position alone."""
IMMUTABLE = "private, immutable"


class AsOfSchema(Lenient):
    """The moment as of which a read is answered."""

    as_of = QueryDateTime()
    as_of_position = QueryId()


_parser = StrictParser()


def asked_position(head: int | None) -> int | None:
    """Return the position as of which the request asks, or None; aborts with 400 if it is to come.

    `head` is the ledger's, None while it can't be reached.
    """
    # The arguments are parsed only where there are any, since every read comes here.
    if not request.query_string or not any(name in request.args for name in PARAMETERS):
        return None
    asked = _parser.parse(AsOfSchema, request, location="query", error_status_code=400)
    if len(asked) > 1:
        _refuse({name: [f"Give {TIME} or {POSITION}, not both."] for name in PARAMETERS})
    if TIME in asked:
        found = position_at(services().ledger.store, asked[TIME], dates.utc_now())
        if found is None:
            _refuse({TIME: ["It is later than now, and than the last event."]})
        return found
    position: int = asked[POSITION]
    if head is not None and position > head:
        _refuse({POSITION: [f"The ledger ends at position {head}."]})
    return position


def _refuse(errors: dict[str, list[str]]) -> None:
    abort(problem(400, BY_FIELD, errors=errors))


def add_position(response: Response) -> None:
    """Add the header Ledger-Position to an answer as of a position, and let it be kept if it can't change."""
    if g.get("as_of") is None:
        return
    response.headers["Ledger-Position"] = str(g.as_of)
    if POSITION in request.args and not g.lag and response.status_code in UNCHANGING:
        response.headers["Cache-Control"] = IMMUTABLE


def next_query(asked: Request, **changed: Any) -> dict[str, Any]:
    """Return the query of another page of a list, as of the same position."""
    query = {**asked.args.to_dict(), **changed}
    if g.get("as_of") is not None:
        query.pop(TIME, None)
        query[POSITION] = g.as_of
    return query
