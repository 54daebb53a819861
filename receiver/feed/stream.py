"""The feed as a stream of server-sent events.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import time
from collections.abc import Callable, Iterator

import structlog

from receiver.feed.broadcast import Broadcast, FeedLost
from receiver.feed.items import Filter, Item
from receiver.server.metrics import FEED_STREAMS
from receiver.server.streams import Streams

EVENT_STREAM = "text/event-stream"
KEEPALIVE_SECONDS = 10.0
RETRY = b"retry: 1000\n\n"
"""How many milliseconds a browser waits before it comes again."""


def event_stream(
    broadcast: Broadcast,
    streams: Streams,
    after: int,
    wanted: Filter,
    is_allowed: Callable[[], bool],
) -> Iterator[bytes]:
    """Yield the items after a position for ever, in order, and every KEEPALIVE_SECONDS a comment.

    It ends when the server stops, when the log can't be read, and when the client is not allowed to read any
    more: its follower comes again, with the last id that it has seen.
    """
    begun, sent, reached = time.monotonic(), 0, after
    due = begun + KEEPALIVE_SECONDS
    try:
        with streams.open() as sending, FEED_STREAMS.track_inprogress(), broadcast.following():
            yield from sending(RETRY)
            while True:
                items, reached = broadcast.after(reached, wanted)
                if items:
                    yield from sending("".join(map(_encoded, items)).encode())
                    sent += len(items)
                if time.monotonic() >= due:
                    if not is_allowed():
                        return
                    # With an id and no data: a follower learns how far it has come, and shows nothing.
                    yield from sending(f": alive\nid: {reached}\n\n".encode())
                    due = time.monotonic() + KEEPALIVE_SECONDS
                broadcast.wait(reached, due - time.monotonic())
    except FeedLost:
        return
    finally:
        structlog.get_logger().info(
            "feed-ended", seconds=round(time.monotonic() - begun, 3), events=sent, position=reached
        )


def _encoded(item: Item) -> str:
    """Return an item as an event: JSON text has no line feeds."""
    return f"id: {item.position}\ndata: {item.json}\n\n"
