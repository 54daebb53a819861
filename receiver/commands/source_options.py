"""The options of the commands about sources."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from receiver import dates
from registry.keys import SCHEMES
from registry.presets import PRESETS
from registry.signature_templates import BASE64, DIGESTS, HEX

Command = Callable[..., Any]
WHERE = "header:NAME, body:/json/pointer, or body: for all of it"
SETTINGS: dict[str, tuple[Any, str]] = {
    "--preset": (
        click.Choice(list(PRESETS)),
        "A known sender: how it signs, and where its events say what. Sets all of the following.",
    ),
    "--scheme": (
        click.Choice(SCHEMES),
        "How its webhooks are signed; standard-webhooks if nothing says otherwise.",
    ),
    "--tolerance": (
        click.IntRange(1, 86400),
        "By how many seconds its timestamps may differ from our clock; 300 if it is not given.",
    ),
    "--header --signature-header": (
        str,
        "hmac-sha256: the header with the digest; X-Hub-Signature-256 if it is not given.",
    ),
    "--prefix": (str, "hmac-sha256: what may precede the digest; sha256= if it is not given."),
    "--header-form": (
        str,
        "hmac-sha256: the form of that header, such as t={timestamp},v1={signature}.",
    ),
    "--timestamp-header": (str, "hmac-sha256: the header with the time, if it has one of its own."),
    "--signed": (str, "hmac-sha256: what is signed, such as {timestamp}.{body}; {body} otherwise."),
    "--digest": (click.Choice(list(DIGESTS)), "hmac-sha256: the hash; sha256 otherwise."),
    "--encoding": (
        click.Choice([HEX, BASE64]),
        "hmac-sha256: how the digest is written; either way otherwise.",
    ),
    "--id-from": (str, f"Where an event's id is: {WHERE}."),
    "--type-from": (str, "Where its type is, likewise."),
    "--time-from": (str, "Where its time is: ISO 8601, or seconds since 1970."),
    "--data-from": (str, "Where its data is, likewise."),
}
"""The type and the help of each setting, by the names of its option."""


_ignore_field = click.option(
    "--ignore-field",
    multiple=True,
    callback=lambda _, __, given: None if not given else [each for each in given if each],
    help="A JSON pointer such as /attempt, to what does not count when two bodies with one id are"
    " compared; may be given several times; an empty one ends that.",
)


def takes_settings(command: Command) -> Command:
    """Add an option for each setting of a source; one that is not given is None."""
    for names, (kind, meaning) in reversed(SETTINGS.items()):
        options = names.split()
        # The first name is that of the setting.
        parameter = options[0].removeprefix("--").replace("-", "_")
        command = click.option(*options, parameter, type=kind, help=meaning)(command)
    return _ignore_field(command)


def as_time(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    """Return the time that an option gives; a callback of click."""
    try:
        return None if text is None else dates.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
