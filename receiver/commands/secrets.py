"""Secrets given to commands: also from standard input or a file, since anyone can list command lines."""

import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import click

Command = Callable[..., Any]


def takes_secret(name: str, meaning: str) -> Callable[[Command], Command]:
    """Add an option for a secret, and `--secret-file`, to a command that calls `given_secret`."""

    from_file = click.option(
        "--secret-file",
        type=click.File("rb"),
        help="A file that holds it, so that no list of processes shows it.",
    )
    given = click.option(name, help=f"{meaning} `-` reads it from standard input.")
    return lambda command: given(from_file(command))


allow_short = click.option(
    "--allow-short",
    is_flag=True,
    help="Accept a secret of less than 16 bytes, if the sender gives no other.",
)


def given_secret(text: str | None, file: BinaryIO | None) -> str | None:
    """Return the secret that was given, from wherever it is to be read; None when none was."""
    if text is not None and file is not None:
        raise click.UsageError(
            "A secret comes from one place: leave out --secret-file, or the other."
        )
    if file is None and text == "-":
        file = sys.stdin.buffer
    return text if file is None else _line(file.read())


def _line(read: bytes) -> str:
    """Return a text without the end of its line; bytes that are not UTF-8 are refused as unprintable."""
    return read.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
