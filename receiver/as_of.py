"""The parameters `as_of` and `as_of_position`: a read is answered as it was at that position."""

from typing import Any

from flask import Request, Response, abort, g, request

from projections.times import to_microseconds
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
    if not any(name in request.args for name in PARAMETERS):
        return None
    asked = _parser.parse(AsOfSchema, request, location="query", error_status_code=400)
    if len(asked) > 1:
        _refuse({name: [f"Give {TIME} or {POSITION}, not both."] for name in PARAMETERS})
    if TIME in asked:
        return _position_at(to_microseconds(asked[TIME]), head)
    position: int = asked[POSITION]
    if head is not None and position > head:
        _refuse({POSITION: [f"The ledger ends at position {head}."]})
    return position


def _position_at(time: int, head: int | None) -> int:
    store = services().ledger.store
    position = store.position_at(time)
    later_than_all = position == head and store.position_at(time - 1) == position
    if later_than_all and time > to_microseconds(dates.utc_now()):
        _refuse({TIME: ["It is later than now, and than the last event."]})
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
