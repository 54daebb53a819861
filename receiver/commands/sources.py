"""kitledger sources: the senders of webhooks, and their keys."""

import click

from receiver.commands.shared import as_json, open_services, show


@click.group()
def sources() -> None:
    """Add, list and retire the sources of webhooks, and their keys."""


@sources.command()
@click.argument("name")
@click.option(
    "--scheme",
    type=click.Choice(["standard-webhooks", "hmac-sha256"]),
    default="standard-webhooks",
    show_default=True,
    help="How its webhooks are signed.",
)
@click.option("--secret", help="whsec_…, whpk_… (a public key), or any text for hmac-sha256.")
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
def add(
    name: str, scheme: str, secret: str | None, tolerance: int, header: str, prefix: str
) -> None:
    """Add the source NAME; the last line printed is its secret."""
    with open_services() as services:
        given = services.sources.add(
            name, scheme=scheme, secret=secret, tolerance=tolerance, header=header, prefix=prefix
        )
    click.echo(f"Source {name} may post to /webhooks/{name}, signed with:")
    click.echo(given)


@sources.command("list")
@as_json
def list_sources(as_json: bool) -> None:
    """List the sources and the ids of their keys."""
    with open_services() as services:
        rows = services.sources.listing()
    show(rows, ["name", "scheme", "tolerance", "keys", "created_at", "retired_at"], as_json=as_json)


@sources.command()
@click.argument("name")
@click.option("--secret", help="The new secret; made at random when it is not given.")
def rotate(name: str, secret: str | None) -> None:
    """Add a key to the source NAME; its old keys verify too, until they are expired."""
    with open_services() as services:
        given = services.sources.rotate(name, secret)
    click.echo(f"Source {name} may sign with its old keys and with:")
    click.echo(given)


@sources.command()
@click.argument("name")
@click.argument("key_id")
def expire(name: str, key_id: str) -> None:
    """Expire the key KEY_ID of the source NAME."""
    with open_services() as services:
        services.sources.expire(name, key_id)
    click.echo(f"Key {key_id} of {name} verifies nothing any more.")


@sources.command()
@click.argument("name")
def retire(name: str) -> None:
    """Retire the source NAME: its webhooks are answered 410 from now on."""
    with open_services() as services:
        services.sources.retire(name)
    click.echo(f"Source {name} is retired.")
