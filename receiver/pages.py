"""Lists and single things: pages with a Link to the next, ETags, and reading what was written."""

import binascii
import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from eventsourcing.persistence import PersistenceError
from flask import Response, abort, current_app, g, request
from marshmallow import ValidationError, fields, validate

from projections.views import View
from receiver.fields import QueryId
from receiver.messages import Lenient
from receiver.parts import ledger, views

LONGEST_PAGE = 1000
UNKNOWN = "unknown"


class Cursor(fields.String):
    """Where the page before ended: made by us, opaque to others, of the given kinds of values."""

    def __init__(self, kinds: Sequence[type], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._kinds = list(kinds)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            values = json.loads(urlsafe_b64decode(text.encode("ascii")))
        except (ValueError, RecursionError, binascii.Error):
            values = None
        if not isinstance(values, list) or [type(each) for each in values] != self._kinds:
            raise ValidationError("Not a cursor of this list: follow the Link of a page.")
        if not all(map(_can_be_kept, values)):
            raise ValidationError("Not a cursor of this list: follow the Link of a page.")
        return tuple(values)


def _can_be_kept(value: Any) -> bool:
    """Say whether every database could have such a value, of a kind that it has."""
    if isinstance(value, str):
        return "\0" not in value and not re.search(r"[\ud800-\udfff]", value)
    return type(value) is not int or 0 <= value < 2**63


def cursor(values: Sequence[Any]) -> str:
    """Write the place of a row as a cursor."""
    packed = json.dumps(list(values), separators=(",", ":"))
    return urlsafe_b64encode(packed.encode()).decode()


class PageSchema(Lenient):
    """The arguments that every list takes; subclasses add `after`."""

    limit = QueryId(load_default=100, validate=validate.Range(1, LONGEST_PAGE))


@contextmanager
def reading(projection: str) -> Iterator[View]:
    """Open a snapshot of a projection that shows all that was acknowledged before this request.

    While the ledger can't be reached, what the read models have, if they can be.
    """
    try:
        head = ledger().store.max_notification_id()
    except PersistenceError:
        head = None
    with views().reading(projection, head) as view:
        g.lag = UNKNOWN if view.lag is None else view.lag
        yield view


def one_more(query: dict[str, Any]) -> dict[str, Any]:
    """Ask for one row more than the page has, to know whether there is a next one."""
    return {**query, "limit": query["limit"] + 1}


def page(rows: Sequence[Any], limit: int, shown: Any, last: Sequence[str]) -> Response:
    """Answer with up to `limit` rows, and with a Link when there are more.

    `rows` holds one more than `limit` if there are; `shown` turns a list of rows into JSON values;
    `last` names the fields that say where a page ends.
    """
    response = answer(shown(rows[:limit]))
    if len(rows) > limit:
        row = rows[limit - 1]
        query = {**request.args.to_dict(), "after": cursor([row[name] for name in last])}
        response.headers["Link"] = f'<{request.path}?{urlencode(query)}>; rel="next"'
    return response


def answer(value: Any, status: int = 200) -> Response:
    """Answer with a JSON value."""
    response = current_app.response_class(current_app.json.dumps(value), status)
    response.content_type = "application/json"
    return response


def if_match(shown: Callable[..., Any]) -> Callable[..., None]:
    """Make a check that aborts with 412 when the caller's If-Match speaks of another state.

    `shown` turns the state into the JSON value that a GET would have shown.
    """

    # Read now: the check may be run by another request's greenlet, which leads a commit.
    wanted = request.if_match

    def check(*state: Any) -> None:
        if wanted and not (state and wanted.contains(etag(answer(shown(*state))))):
            abort(412, "it has changed since: its ETag is another one now")

    return check


def conditional(response: Response) -> Response:
    """Give an answer of the API its ETag, and answer 304 to a GET by who has it already.

    One that is behind says how far: to a 404, too, there may be more to know.
    """
    if g.get("lag"):
        response.headers["Ledger-Lag"] = str(g.lag)
    shows = request.method != "OPTIONS" and response.status_code in {200, 201}
    if shows and request.path.startswith("/api/"):
        response.set_etag(etag(response))
        if request.method in {"GET", "HEAD"} and request.if_none_match:
            response.make_conditional(request)
    return response


def etag(response: Response) -> str:
    """Return the ETag of an answer.

    The Link is part of it: a full last page gets a next one without changing itself.
    """
    content = response.get_data() + response.headers.get("Link", "").encode()
    return hashlib.sha256(content).hexdigest()[:32]
