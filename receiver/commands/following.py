"""Following the feed of a server, over its restarts: for `tail` and `forward`."""

import random
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click
import httpx
from httpx_sse import connect_sse

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

    def items(self, after: int) -> Iterator[tuple[int, dict[str, Any] | None]]:
        """Yield the items after a position, for ever: it comes again when the server was away.

        Each has its position; None instead of an item says that there is no other up to there. Raises
        ClickException when the server refuses the client.
        """
        pause, away = FIRST_PAUSE, False
        while True:
            reason = "the stream ended"
            try:
                for position, item in self._stream(after):
                    after = position
                    if away:
                        click.echo("following again", err=True)
                    pause, away = FIRST_PAUSE, False
                    yield position, item
            except (httpx.HTTPError, ValueError) as error:
                reason = no_answer(error)
            if not away:
                click.echo(printable(f"{self._address}: {reason}; trying again"), err=True)
            away = True
            time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 spreads the followers, no secret
            pause = min(2 * pause, LONGEST_PAUSE)

    def _stream(self, after: int) -> Iterator[tuple[int, dict[str, Any] | None]]:
        query = {**self._filters, "after": str(after)}
        with connect_sse(self._client, "GET", self._address, params=query) as source:
            response = source.response
            if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                response.raise_for_status()
            if not response.is_success:
                response.read()
                raise click.ClickException(printable(f"{self._address}: {detail(response)}"))
            for event in source.iter_sse():
                # The first one says only how soon to come again.
                if event.id:
                    yield int(event.id), event.json() if event.data else None

    def _page(self, after: int) -> httpx.Response:
        query = {"after": str(after), "limit": "1"}
        response = request(self._client, "GET", self._address, params=query)
        if not response.is_success:
            raise click.ClickException(printable(f"{self._address}: {detail(response)}"))
        return response
