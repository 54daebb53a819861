"""kitledger tail: the feed on a terminal."""

import json
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from receiver.commands.calls import takes_client, takes_url
from receiver.commands.shared import json_text
from receiver.commands.terminal import printable, until_interrupted

if TYPE_CHECKING:
    from receiver.commands.following import Feed

BEGINNING = "beginning"
LONGEST_DATA = 200


def _as_moment(_: click.Context, __: click.Parameter, text: str | None) -> int | datetime | None:
    """Return a position, a time, or None for now; a callback of click."""
    from receiver import dates

    if text is None:
        return None
    if text == BEGINNING or (text.isascii() and text.isdecimal()):
        return 0 if text == BEGINNING else int(text)
    try:
        return dates.parse(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no position, no time, and not beginning") from error


@click.command()
@click.option(
    "--since",
    callback=_as_moment,
    help="A position, a time such as 2030-01-31T12:00:00Z, or `beginning`; now otherwise.",
)
@click.option("--type", "event_type", help="Only events of this type.")
@click.option("--source", help="Only events of this source.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object on each line, for programs.")
@takes_url
@takes_client
def tail(
    since: int | datetime | None,
    event_type: str | None,
    source: str | None,
    url: str,
    client: tuple[str, str],
    *,
    as_json: bool,
) -> None:
    """Print each event when it is recorded, until Ctrl-C; it goes on by itself after the server was away."""
    from receiver.commands.following import Feed

    feed = Feed(url, client, {"type": event_type, "source": source})
    with until_interrupted(), closing(feed):
        for _, item in feed.items(_position(feed, since)):
            if item is not None:
                click.echo(json_text(item) if as_json else _line(item))


def _position(feed: "Feed", since: int | datetime | None) -> int:
    if since is None:
        return feed.head()
    return feed.before(since) if isinstance(since, datetime) else since


def _line(item: dict[str, Any]) -> str:
    """Return an item on one line, for people."""
    at = item["recorded_at"][:19].replace("T", " ")
    told = json.dumps(item["data"], ensure_ascii=False)
    if len(told) > LONGEST_DATA:
        told = f"{told[:LONGEST_DATA]}…"
    number = f"{item['position']:>7}"
    return printable(f"{number}  {at}  {item['source']}  {item['type']}  {item['id']}  {told}")
