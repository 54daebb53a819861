"""GET /api/v1/feed/: what was recorded, in the order of positions."""

import re
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, current_app, request
from marshmallow import Schema, fields

from receiver import pages
from receiver.access import current_client, requires
from receiver.as_of import next_query
from receiver.blueprint import Blueprint
from receiver.current import services
from receiver.errors import Overloaded
from receiver.feed.broadcast import Broadcast, FeedLost
from receiver.feed.items import Filter, Item, read_items
from receiver.feed.stream import EVENT_STREAM, event_stream
from receiver.fields import QueryId, Text
from receiver.paths import public_path
from receiver.server.streams import MOST_STREAMS, STREAMS

LONGEST_WAIT = 30
MOST_READ = 12
"""How many parts of the log, of up to BATCH_EVENTS each, a page looks through."""
blueprint = Blueprint(
    "feed", __name__, url_prefix="/api/v1/feed", description="What was recorded, for followers."
)


def _header(name: str, example: str) -> dict[str, Any]:
    """Describe a header of a request."""
    return {"in": "header", "name": name, "schema": {"type": "string"}, "example": example}


class FeedItemSchema(Schema):
    """A recorded event, with its position."""

    position = fields.Integer(required=True)
    recorded_at = fields.String(required=True, metadata={"format": "date-time"})
    source = fields.String(required=True)
    id = fields.Raw(required=True, metadata={"type": ["integer", "string"], "example": 3514})
    type = fields.String(required=True)
    created_at = fields.String(required=True, metadata={"example": "2017-11-24 10:00:00"})
    data = fields.Raw(required=True)


class FeedQuery(pages.PageSchema):
    """The arguments of the feed."""

    after = QueryId(load_default=0, metadata={"description": "The last position that was seen."})
    type = Text(128, load_default=None)
    source = Text(64, load_default=None)


@blueprint.route("/")
@requires("reader", as_of=False)
@blueprint.query(FeedQuery)
@blueprint.response(200, FeedItemSchema(many=True))
@blueprint.doc(
    parameters=[_header("Prefer", "wait=20"), _header("Last-Event-ID", "1200")],
    responses={200: {"content": {EVENT_STREAM: {"schema": {"type": "string"}}}}},
)
def get_feed(query: dict[str, Any]) -> Response:
    """List what was recorded, by position, and wait for more

    The Link to the next page is always there: it goes on after the last position that was looked at;
    `Ledger-Position` is the last one of the ledger. With
    `Prefer: wait=20` an answer with nothing new waits up to so many seconds, 30 at most. With `Accept:
    text/event-stream` it is a stream of server-sent events, which `Last-Event-ID` resumes.
    """
    wanted = Filter(query["source"], query["type"])
    accepted = request.accept_mimetypes.best_match(["application/json", EVENT_STREAM])
    if accepted == EVENT_STREAM:
        return _stream(_last_event_id(query["after"]), wanted)
    return _page(query["after"], wanted, query["limit"])


def _page(after: int, wanted: Filter, limit: int) -> Response:
    seconds = _asked_wait()
    deadline = time.monotonic() + (seconds or 0)
    items, reached = _read(after, wanted, limit)
    if seconds and not items:
        # While the log can't be read, there is nothing to wait for.
        with suppress(FeedLost), _broadcast().following():
            while not items and (left := deadline - time.monotonic()) > 0:
                _broadcast().wait(reached, left)
                items, reached = _read(reached, wanted, limit)
    shown = f"[{','.join(item.json for item in items)}]"
    response = current_app.response_class(shown, content_type="application/json")
    link = f"{public_path()}?{urlencode(next_query(request, after=reached))}"
    response.headers["Link"] = f'<{link}>; rel="next"'
    response.vary.update(("Accept", "Prefer"))
    response.headers["Ledger-Position"] = str(services().ledger.store.max_notification_id())
    if seconds is not None:
        response.headers["Preference-Applied"] = f"wait={seconds}"
    return response


def _read(after: int, wanted: Filter, limit: int) -> tuple[list[Item], int]:
    """Return up to `limit` items after a position, and the last position that was looked at."""
    found: list[Item] = []
    for _ in range(MOST_READ):
        items, reached = read_items(services().ledger, after, wanted)
        found += items
        if len(found) >= limit:
            return found[:limit], found[limit - 1].position
        if reached <= after:
            break
        after = reached
        # Let others have their turn in between.
        time.sleep(0)
    return found, after


def _stream(after: int, wanted: Filter) -> Response:
    if len(STREAMS) >= MOST_STREAMS:
        raise Overloaded("this process serves as many streams as it can; try again")
    # While the log can't be read, a follower is told so, and not given a stream that ends at once.
    services().ledger.store.max_notification_id()
    clients, client = services().clients, current_client()
    parts = event_stream(_broadcast(), STREAMS, after, wanted, lambda: clients.is_live(client))
    response = Response(parts, content_type=f"{EVENT_STREAM}; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    # nginx would keep back the stream until a buffer is full.
    response.headers["X-Accel-Buffering"] = "no"
    response.vary.add("Accept")
    return response


def _broadcast() -> Broadcast:
    found: Broadcast | None = current_app.extensions.get("broadcast")
    if found is None:
        ledger = services().ledger
        found = Broadcast(lambda after: read_items(ledger, after), ledger.store.max_notification_id)
        current_app.extensions["broadcast"] = found
        STREAMS.on_end.append(found.close)
    return found


def _asked_wait() -> int | None:
    """Return the seconds of `Prefer: wait`, up to LONGEST_WAIT. Source: RFC 7240, section 4.3."""
    prefer = request.headers.get("Prefer", "").lower()
    asked = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?([0-9]{1,9})\b", prefer)
    return None if asked is None else min(int(asked[1]), LONGEST_WAIT)


def _last_event_id(after: int) -> int:
    sent = request.headers.get("Last-Event-ID", "")
    if not sent:
        return after
    if not re.fullmatch(r"[0-9]{1,16}", sent):
        abort(400, "Last-Event-ID is the position of the last event that was seen")
    return int(sent)
