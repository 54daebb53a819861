"""Calls over HTTP: what `send`, `tail` and `forward` share."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import click

from receiver.commands.terminal import printable

if TYPE_CHECKING:
    import httpx

Command = Callable[..., Any]
TIMEOUT_SECONDS = 30.0
CLIENT = "KITLEDGER_CLIENT"
AHEAD_SECONDS = 60
LAST_PORT = 65535


def takes_url(command: Command) -> Command:
    """Add the option `--url`, the address of the service."""
    return click.option(
        "--url",
        callback=_service,
        help="The address of the service; http://127.0.0.1:$PORT otherwise.",
    )(command)


def takes_client(command: Command) -> Command:
    """Add the option `--client`, the credentials of a client of the API."""
    return click.option(
        "--client",
        envvar=CLIENT,
        show_envvar=True,
        callback=_credentials,
        help="ID:KEY of a client with the role reader; `-` reads it from standard input.",
    )(command)


def request(client: "httpx.Client", method: str, url: str, **options: Any) -> "httpx.Response":
    """Send a request; raises ClickException, with one line, when there is no answer."""
    import httpx

    try:
        return client.request(method, url, **options)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise click.ClickException(printable(f"{url}: {no_answer(error)}")) from error


def no_answer(error: Exception) -> str:
    """Say why there was no answer."""
    import httpx

    if isinstance(error, httpx.ConnectError):
        return f"nobody answers there ({error})"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {TIMEOUT_SECONDS:.0f} s"
    return str(error) or type(error).__name__


def detail(response: "httpx.Response") -> str:
    """Return the detail of a problem document, or the reason of the status."""
    try:
        found = response.json().get("detail")
    except (ValueError, AttributeError):
        found = None
    return f"{response.status_code} {found or response.reason_phrase}"


def clock_difference(response: "httpx.Response") -> str | None:
    """Say how far this clock is from the server's, if that is more than a minute."""
    try:
        theirs = parsedate_to_datetime(response.headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    seconds = round((datetime.now(UTC) - theirs).total_seconds())
    if abs(seconds) < AHEAD_SECONDS:
        return None
    return f"this clock is {abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} the server's"


def as_address(_: click.Context, __: click.Parameter, given: str | None) -> str | None:
    """Return an address, once it is one of HTTP; a callback of click."""
    import httpx

    if given is None:
        return None
    try:
        parsed = httpx.URL(given)
    except httpx.InvalidURL as error:
        raise click.BadParameter(f"{given!r} is no address: {error}") from error
    known = parsed.scheme in {"http", "https"} and parsed.host and "%" not in parsed.host
    if not known or (parsed.port or 0) > LAST_PORT:
        raise click.BadParameter("An address begins with http:// or https:// and a host.")
    return given


def _service(context: click.Context, option: click.Parameter, given: str | None) -> str:
    from receiver.settings import Settings

    if given is None:
        given = f"http://127.0.0.1:{Settings.from_environment().port}"
    return str(as_address(context, option, given)).rstrip("/")


def _credentials(_: click.Context, __: click.Parameter, given: str | None) -> tuple[str, str]:
    read = sys.stdin.readline() if given == "-" else given
    text = (read or "").strip()
    client_id, colon, key = text.partition(":")
    if not colon:
        raise click.UsageError(f"Give --client ID:KEY, or set {CLIENT}: the feed is for clients.")
    return client_id, key
