"""The options of the commands about sources."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from receiver import dates

Command = Callable[..., Any]
SETTINGS: dict[str, tuple[Any, str]] = {
    "scheme": (
        click.Choice(["standard-webhooks", "hmac-sha256"]),
        "How its webhooks are signed.",
    ),
    "tolerance": (
        click.IntRange(1, 86400),
        "By how many seconds its timestamps may differ from our clock.",
    ),
    "header": (str, "hmac-sha256: the header with the digest, in hex or base64."),
    "prefix": (str, "hmac-sha256: what may precede the digest."),
}
"""The type and the help of each setting."""


_ignore_field = click.option(
    "--ignore-field",
    multiple=True,
    callback=lambda _, __, given: None if not given else [each for each in given if each],
    help="A JSON pointer such as /attempt, to what does not count when two bodies with one id are"
    " compared; may be given several times; an empty one ends that.",
)


def takes_settings(**defaults: Any) -> Callable[[Command], Command]:
    """Add an option for each setting of a source; without a default, one that is not given is None."""

    def decorate(command: Command) -> Command:
        for name, (kind, meaning) in reversed(SETTINGS.items()):
            default = {"default": defaults[name], "show_default": True} if name in defaults else {}
            command = click.option(f"--{name}", type=kind, help=meaning, **default)(command)
        return _ignore_field(command)

    return decorate


def as_time(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    """Return the time that an option gives; a callback of click."""
    try:
        return None if text is None else dates.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
