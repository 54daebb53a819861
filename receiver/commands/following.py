"""Following the feed of a server, over its restarts: for `tail` and `forward`."""

import random
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click
import httpx
from httpx_sse import SSEError, connect_sse

from receiver.commands.calls import detail, no_answer, request
from receiver.commands.terminal import printable

FEED = "/api/v1/feed/"
QUIET_SECONDS = 30.0
"""The server says something every 10 seconds, so this long a silence means that it is gone."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
FAR = 2**53 - 1
Credentials = tuple[str, str]


class Feed:
    """The feed of a server, as a client with these credentials reads it."""

    def __init__(self, url: str, credentials: Credentials, filters: dict[str, str | None]) -> None:
        self._address = f"{url}{FEED}"
        self._filters = {name: value for name, value in filters.items() if value is not None}
        timeout = httpx.Timeout(10, read=QUIET_SECONDS)
        self._client = httpx.Client(auth=credentials, timeout=timeout)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def head(self) -> int:
        """Return the last position of the ledger; raises ClickException."""
        return int(self._page(FAR).headers["Ledger-Position"])

    def before(self, moment: datetime) -> int:
        """Return a position after which everything was recorded at a moment or later; raises ClickException.

        By bisection, since recorded times rise with positions.
        """
        below, above = 0, self.head()
        while below < above:
            middle = (below + above) // 2
            items = self._page(middle).json()
            if items and datetime.fromisoformat(items[0]["recorded_at"]) < moment:
                below = items[0]["position"]
            else:
                above = middle
        return below

    def items(self, after: int) -> Iterator[dict[str, Any]]:
        """Yield the items after a position, for ever: it comes again when the server was away.

        Raises ClickException when the server refuses the client.
        """
        pause, away = FIRST_PAUSE, False
        while True:
            reason = "the stream ended"
            try:
                for item in self._stream(after):
                    after, pause = item["position"], FIRST_PAUSE
                    if away:
                        click.echo("following again", err=True)
                    away = False
                    yield item
            except (httpx.HTTPError, SSEError) as error:
                reason = no_answer(error)
            if not away:
                click.echo(printable(f"{self._address}: {reason}; trying again"), err=True)
            away = True
            time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 spreads the followers, no secret
            pause = min(2 * pause, LONGEST_PAUSE)

    def _stream(self, after: int) -> Iterator[dict[str, Any]]:
        query = {**self._filters, "after": str(after)}
        with connect_sse(self._client, "GET", self._address, params=query) as source:
            response = source.response
            if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                response.raise_for_status()
            if not response.is_success:
                response.read()
                raise click.ClickException(printable(f"{self._address}: {detail(response)}"))
            for event in source.iter_sse():
                # The others say how far the server has looked.
                if event.data:
                    yield event.json()

    def _page(self, after: int) -> httpx.Response:
        query = {**self._filters, "after": str(after), "limit": "1"}
        response = request(self._client, "GET", self._address, params=query)
        if not response.is_success:
            raise click.ClickException(printable(f"{self._address}: {detail(response)}"))
        return response
