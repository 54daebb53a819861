"""Sending recorded webhooks again: `kitledger replay --to URL`."""

import json
from collections.abc import Sequence

import click

from receiver.commands.shared import open_services
from receiver.commands.terminal import printable


def split_ends(ends: Sequence[str]) -> tuple[int | None, str | None]:
    """Return the position and the address among what `--to` was given; each may be there once."""
    addresses = [each for each in ends if each.startswith(("http://", "https://"))]
    positions = [each for each in ends if each not in addresses]
    if len(addresses) > 1 or len(positions) > 1:
        raise click.UsageError("Give --to at most one position and one address.")
    for each in positions:
        if not (each.isascii() and each.isdecimal() and 0 < int(each) < 2**63):
            raise click.BadParameter(f"{each!r} is no position and no address.", param_hint="--to")
    position = int(positions[0]) if positions else None
    return position, addresses[0] if addresses else None


def resend(target: str, name: str, first: int, last: int | None) -> None:
    """Post what was recorded from a position to another, in order, as the forward of a name does it."""
    from receiver.commands.forward_progress import progress_file
    from receiver.commands.forwarding import post, sender
    from receiver.feed.items import read_items

    with (
        open_services(migrate=False, read_models=False) as services,
        sender() as posting,
    ):
        secret = progress_file(name).secret()
        head = services.ledger.store.max_notification_id()
        after, end = first - 1, head if last is None else min(last, head)
        if after >= end:
            raise click.ClickException(f"nothing is recorded from {first} to {end}")
        while after < end:
            items, after = read_items(services.ledger, after)
            for item in items:
                if item.position > end:
                    return
                post(posting, target, secret, json.loads(item.json))
                click.echo(printable(f"{item.position}  {item.source}  {item.type}"))
