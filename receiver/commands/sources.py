"""kitledger sources: the senders of webhooks, and their keys."""

from datetime import datetime
from typing import Any, BinaryIO

import click

from receiver.commands.attempts import try_source
from receiver.commands.secrets import allow_short, given_secret, takes_secret
from receiver.commands.shared import as_json, open_services, operator_cause, show, takes_why
from receiver.commands.source_options import as_time, takes_settings
from registry.envelope_mappings import KITLEDGER
from registry.presets import PRESETS


@click.group()
def sources() -> None:
    """Add, list, change and retire the sources of webhooks, and their keys."""


@sources.command()
@click.argument("name")
@takes_secret("--secret", "whsec_…, whpk_… (a public key), or any text for hmac-sha256.")
@allow_short
@takes_settings
@takes_why()
def add(
    name: str, secret: str | None, secret_file: BinaryIO | None, why: str | None, **settings: Any
) -> None:
    """Add the source NAME; the last line printed is its secret."""
    secret = given_secret(secret, secret_file)
    with open_services(create=True) as services:
        given = services.sources.add(name, operator_cause(why), secret=secret, **settings)
        prefix = services.settings.forwarded_prefix
    advice = PRESETS[settings["preset"] or KITLEDGER].advice
    click.echo(advice.format(name=name, url=f"https://HOST{prefix}/webhooks/{name}"))
    click.echo(f"Source {name} may post to /webhooks/{name}, signed with:")
    click.echo(given)


@sources.command("list")
@as_json
def list_sources(as_json: bool) -> None:
    """List the sources, the ids of their keys, and when each key last verified a webhook."""
    with open_services(migrate=False) as services:
        rows = services.sources.listing()
    show(
        rows,
        ["name", "preset", "scheme", "tolerance", "ignored", "keys", "created_at", "retired_at"],
        as_json=as_json,
    )


@sources.command("set")
@click.argument("name")
@takes_settings
@takes_why()
def set_source(name: str, why: str | None, **settings: Any) -> None:
    """Change settings of the source NAME; those that are not given stay as they are."""
    given = {setting: value for setting, value in settings.items() if value is not None}
    if not given:
        raise click.UsageError("Say what is to change.")
    with open_services() as services:
        services.sources.change(name, operator_cause(why), **given)
    click.echo(f"Source {name} is changed: {', '.join(given)}.")


sources.add_command(try_source)


@sources.command()
@click.argument("name")
@takes_secret("--secret", "The new secret; made at random when it is not given.")
@allow_short
@takes_why()
def rotate(
    name: str,
    secret: str | None,
    secret_file: BinaryIO | None,
    *,
    allow_short: bool,
    why: str | None,
) -> None:
    """Add a key to the source NAME; its old keys verify too, until they are expired."""
    secret = given_secret(secret, secret_file)
    with open_services() as services:
        given = services.sources.rotate(name, operator_cause(why), secret, allow_short=allow_short)
    click.echo(f"Source {name} may sign with its old keys and with:")
    click.echo(given)


@sources.command()
@click.argument("name")
@click.argument("key_id")
@click.option(
    "--at", callback=as_time, help="When, as 2030-01-31T12:00:00Z; now when it is not given."
)
@takes_why()
def expire(name: str, key_id: str, at: datetime | None, why: str | None) -> None:
    """Expire the key KEY_ID of the source NAME; warns when it is the last one."""
    with open_services() as services:
        others = services.sources.expire(name, key_id, operator_cause(why), at)
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
@click.option("--yes", is_flag=True, help="Retire it without asking.")
@takes_why()
def retire(name: str, *, yes: bool, why: str | None) -> None:
    """Retire the source NAME, after a question: its webhooks are answered 410 until it is reopened."""
    with open_services() as services:
        services.sources.check_live(name)
        if not yes:
            click.confirm(f"Answer all webhooks of {name} with 410 from now on?", abort=True)
        services.sources.retire(name, operator_cause(why))
    click.echo(f"Source {name} is retired.")


@sources.command()
@click.argument("name")
@takes_why()
def reopen(name: str, why: str | None) -> None:
    """Reopen the source NAME, which was retired: its live keys verify again."""
    with open_services() as services:
        services.sources.reopen(name, operator_cause(why))
    click.echo(f"Source {name} may post to /webhooks/{name} again.")
