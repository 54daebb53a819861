"""kitledger sources try: what would become of a webhook, with nothing recorded."""

from collections.abc import Sequence
from typing import BinaryIO

import click

from receiver.commands.shared import as_json, open_services, print_json
from receiver.commands.terminal import printable


def _as_headers(_: click.Context, __: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    """Return headers, written as curl takes them, by their names; a callback of click."""
    headers = {}
    for each in given:
        name, colon, value = each.partition(":")
        if not colon:
            raise click.BadParameter(f"{each!r} is no header: write 'Name: value'")
        headers[name.strip()] = value.strip()
    return headers


@click.command("try")
@click.argument("name")
@click.option(
    "--body", type=click.File("rb"), required=True, help="A file; `-` for standard input."
)
@click.option(
    "--header", "-H", "headers", multiple=True, callback=_as_headers, help="As 'Name: value'."
)
@as_json
def try_source(name: str, body: BinaryIO, headers: dict[str, str], *, as_json: bool) -> None:
    """Say what would become of a webhook of the source NAME; nothing is recorded.

    The exit status is 1 when it would be refused, or an event of it held in quarantine.
    """
    from receiver.attempts import attempt

    with open_services(migrate=False) as services:
        source = services.sources.get(name)
        if source is None:
            raise click.ClickException(f"there is no source {name}")
        found = attempt(services.ledger, source, headers, body.read())
    if as_json:
        print_json(vars(found))
    else:
        click.echo(printable(f"signature: {found.signature}"))
        if found.refused:
            click.echo(printable(f"refused: {found.refused}; without that:"))
        for event in found.events:
            click.echo("")
            for label, value in event.items():
                if value is not None:
                    click.echo(printable(f"{label}: {value}"))
    if not found.accepted:
        raise SystemExit(1)
