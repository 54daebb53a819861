"""kitledger clients: the clients of the API."""

from typing import BinaryIO

import click

from receiver.commands.secrets import given_secret, takes_secret
from receiver.commands.shared import ID, as_json, open_services, operator_cause, show, takes_why


@click.group()
def clients() -> None:
    """Add, list and revoke clients."""


@clients.command()
@click.argument("name")
@click.option(
    "--role",
    "roles",
    type=click.Choice(["reader", "registrar", "auditor", "admin"]),
    multiple=True,
    required=True,
    help="What it may do; may be given several times.",
)
@click.option("--organization", type=ID, help="The only organization that it may see.")
@click.option("--id", "client_id", type=int, help="Its id; the next free one when it is not given.")
@takes_secret("--key", "Its key, a UUID; made at random when it is not given.")
@takes_why()
def add(
    name: str,
    roles: tuple[str, ...],
    organization: int | None,
    client_id: int | None,
    key: str | None,
    secret_file: BinaryIO | None,
    why: str | None,
) -> None:
    """Add the client NAME; the last line printed is its id:key, which is not stored."""
    key = given_secret(key, secret_file)
    with open_services(create=True) as services:
        given = services.clients.add(
            name,
            list(roles),
            operator_cause(why),
            organization=organization,
            client_id=client_id,
            key=key,
        )
    click.echo(f"Client {name} may call with HTTP Basic, or with its key as a bearer token:")
    click.echo("{}:{}".format(*given))


@clients.command("list")
@as_json
def list_clients(as_json: bool) -> None:
    """List the clients, without their keys."""
    with open_services(migrate=False) as services:
        rows = services.clients.listing()
    show(rows, ["id", "name", "roles", "organization", "created_at", "revoked_at"], as_json=as_json)


@clients.command()
@click.argument("client_id", type=ID)
@takes_why()
def revoke(client_id: int, why: str | None) -> None:
    """Revoke the client CLIENT_ID: it is answered 401 from now on."""
    with open_services() as services:
        services.clients.revoke(client_id, operator_cause(why))
    click.echo(f"Client {client_id} is revoked.")
