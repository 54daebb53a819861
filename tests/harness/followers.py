"""A follower of the feed over a real socket, which may be cut at any byte."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.harness.service import NO_AUTHORITIES, Credentials, Service

STREAM = "text/event-stream"


@contextmanager
def following(
    service: Service, query: str = "", *, auth: Credentials | None = None, **headers: str
) -> Iterator[httpx.Response]:
    """Open a stream; `headers` such as Last_Event_ID are sent with it."""
    sent = {"Accept": STREAM} | {name.replace("_", "-"): text for name, text in headers.items()}
    url = f"{service.url}/api/v1/feed/{query}"
    timeout = httpx.Timeout(30)
    with (
        httpx.Client(timeout=timeout, verify=NO_AUTHORITIES) as client,
        client.stream("GET", url, auth=auth or service.admin, headers=sent) as response,
    ):
        yield response


class Events:
    """Parse a stream as the specification says; `last` is the id of the last event, or of what came after."""

    def __init__(self, last: str = "", seen: Iterable[tuple[int, Any]] = ()) -> None:
        self.last = last
        self.seen = list(seen)
        self._buffer = b""

    def feed(self, part: bytes) -> None:
        """Take bytes; an event counts once its blank line is there."""
        self._buffer += part
        *blocks, self._buffer = self._buffer.split(b"\n\n")
        for block in blocks:
            fields = [line.partition(": ")[::2] for line in block.decode().split("\n")]
            values = dict(fields)
            self.last = values.get("id", self.last)
            if "data" in values:
                self.seen.append((int(self.last), json.loads(values["data"])))


def take(parts: Iterator[bytes], count: int, events: Events) -> Events:
    """Read the parts of a stream until it has given so many events."""
    for part in parts:
        events.feed(part)
        if len(events.seen) >= count:
            return events
    raise AssertionError(f"the stream ended after {len(events.seen)} events")
