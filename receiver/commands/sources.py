"""kitledger sources: the senders of webhooks, and their keys."""

from datetime import datetime
from typing import Any, BinaryIO

import click

from receiver import dates
from receiver.commands.secrets import allow_short, given_secret, takes_secret
from receiver.commands.shared import as_json, open_services, show


@click.group()
def sources() -> None:
    """Add, list and retire the sources of webhooks, and their keys."""


def _time(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    try:
        return None if text is None else dates.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@sources.command()
@click.argument("name")
@click.option(
    "--scheme",
    type=click.Choice(["standard-webhooks", "hmac-sha256"]),
    default="standard-webhooks",
    show_default=True,
    help="How its webhooks are signed.",
)
@takes_secret("--secret", "whsec_…, whpk_… (a public key), or any text for hmac-sha256.")
@allow_short
@click.option(
    "--tolerance",
    type=click.IntRange(1, 86400),
    default=300,
    show_default=True,
    help="By how many seconds its timestamps may differ from our clock.",
)
@click.option(
    "--header",
    default="X-Hub-Signature-256",
    show_default=True,
    help="hmac-sha256: the header with the digest, in hex or base64.",
)
@click.option(
    "--prefix",
    default="sha256=",
    show_default=True,
    help="hmac-sha256: what may precede the digest.",
)
def add(name: str, secret: str | None, secret_file: BinaryIO | None, **settings: Any) -> None:
    """Add the source NAME; the last line printed is its secret."""
    secret = given_secret(secret, secret_file)
    with open_services() as services:
        given = services.sources.add(name, secret=secret, **settings)
    click.echo(f"Source {name} may post to /webhooks/{name}, signed with:")
    click.echo(given)


@sources.command("list")
@as_json
def list_sources(as_json: bool) -> None:
    """List the sources, the ids of their keys, and when each key last verified a webhook."""
    with open_services() as services:
        rows = services.sources.listing()
    show(rows, ["name", "scheme", "tolerance", "keys", "created_at", "retired_at"], as_json=as_json)


@sources.command()
@click.argument("name")
@takes_secret("--secret", "The new secret; made at random when it is not given.")
@allow_short
def rotate(
    name: str, secret: str | None, secret_file: BinaryIO | None, *, allow_short: bool
) -> None:
    """Add a key to the source NAME; its old keys verify too, until they are expired."""
    secret = given_secret(secret, secret_file)
    with open_services() as services:
        given = services.sources.rotate(name, secret, allow_short=allow_short)
    click.echo(f"Source {name} may sign with its old keys and with:")
    click.echo(given)


@sources.command()
@click.argument("name")
@click.argument("key_id")
@click.option(
    "--at", callback=_time, help="When, as 2030-01-31T12:00:00Z; now when it is not given."
)
def expire(name: str, key_id: str, at: datetime | None) -> None:
    """Expire the key KEY_ID of the source NAME; warns when it is the last one."""
    with open_services() as services:
        others = services.sources.expire(name, key_id, at)
    when = "any more" if at is None else f"from {at.isoformat(timespec='seconds')} on"
    click.echo(f"Key {key_id} of {name} verifies nothing {when}.")
    if not others:
        click.echo(
            f"Warning: it is the last live key of {name}, whose webhooks are then answered 401;"
            f" `kitledger sources rotate {name}` adds another.",
            err=True,
        )


@sources.command()
@click.argument("name")
def retire(name: str) -> None:
    """Retire the source NAME: its webhooks are answered 410 from now on."""
    with open_services() as services:
        services.sources.retire(name)
    click.echo(f"Source {name} is retired.")
