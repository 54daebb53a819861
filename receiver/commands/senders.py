"""The source in whose name `kitledger send` posts, and the secret that signs."""

from typing import TYPE_CHECKING

import click

from receiver.commands.shared import open_services

if TYPE_CHECKING:
    from registry.source import Source


def source_and_secret(name: str, preset: str | None, secret: str | None) -> "tuple[Source, str]":
    """Return a source, and the secret to sign with."""
    from registry.keys import STANDARD_WEBHOOKS
    from registry.source import Source
    from registry.source_settings import completed

    if preset is not None and secret is None:
        raise click.UsageError("--preset says how to sign with a --secret: give it too.")
    if secret is not None:
        settings = completed({"preset": preset})
        own = {each: settings.pop(each) for each in ("scheme", "tolerance", "header", "prefix")}
        parts = {part: value for part, value in settings.items() if value is not None}
        return Source(name, keys=(), parts=parts, **own), secret
    with open_services(migrate=False, read_models=False) as services:
        source = services.sources.get(name)
    if source is None:
        raise click.ClickException(f"there is no source {name} in this ledger")
    usable = [
        each.secret
        for each in source.keys
        if source.scheme != STANDARD_WEBHOOKS or each.secret.startswith("whsec_")
    ]
    if not usable:
        raise click.ClickException(f"source {name} has no live secret that signs: give --secret")
    return source, usable[-1]
