"""kitledger forward: the feed to another address."""

import re
from contextlib import closing
from typing import Any

import click

from receiver.commands.calls import as_address, takes_client, takes_url
from receiver.commands.terminal import printable, until_interrupted


def _as_name(_: click.Context, __: click.Parameter, text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text):
        raise click.BadParameter(
            "A name has up to 64 letters, digits, dots, dashes and underscores."
        )
    return text


@click.command()
@click.option(
    "--to",
    "target",
    required=True,
    callback=as_address,
    help="The address to which each event is posted.",
)
@click.option(
    "--name",
    default="default",
    show_default=True,
    callback=_as_name,
    help="Which progress it keeps, if there are several forwards.",
)
@click.option("--from", "first", type=click.IntRange(0), help="Begin after this position instead.")
@click.option("--type", "event_type", help="Only events of this type.")
@click.option("--source", help="Only events of this source.")
@takes_url
@takes_client
def forward(
    target: str,
    name: str,
    first: int | None,
    url: str,
    client: tuple[str, str],
    **filters: Any,
) -> None:
    """Post each event on, in order, signed by Standard Webhooks with a secret of its own.

    It goes on where it last was, and the first time from the beginning. What is not answered by 2xx is posted
    again, so a receiver may get an event twice, with the same webhook-id. The first time it prints the secret.
    """
    from receiver.commands.following import Feed
    from receiver.commands.forward_progress import progress_file
    from receiver.commands.forwarding import begin, post, sender

    file = progress_file(name)
    feed = Feed(url, client, {"type": filters["event_type"], "source": filters["source"]})
    with file.held() as progress, sender() as posting, until_interrupted(), closing(feed):
        begin(progress, name, target, first)
        for position, item in feed.items(progress.position or 0):
            if item is not None:
                post(posting, target, progress.secret, item)
            if position != progress.position:
                progress.position = position
                file.write(progress)
            if item is not None:
                said = f"{position}  {item['source']}  {item['type']}  {item['id']}"
                click.echo(printable(said))
