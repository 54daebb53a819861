"""Functions of all commands: opening the services, and printing rows."""

import getpass
import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from receiver.commands.terminal import printable

if TYPE_CHECKING:
    from domain.cause import Cause
    from receiver.services import Services

Command = Callable[..., Any]
PIPE_COLUMNS = 1000
LONGEST_REASON = 500
"""In characters, as in the header Change-Reason."""
ID = click.IntRange(0, 2**53 - 1)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


@contextmanager
def open_services(
    *, create: bool = False, migrate: bool = True, read_models: bool = True
) -> "Iterator[Services]":
    """Open the services of the environment's settings, and close them at the end.

    With `create`, a missing ledger is made; without `migrate`, no file and no table is. Without
    `read_models`, these may be missing. Raises SettingsError when there is no ledger, or when its tables
    are missing.
    """
    from receiver.services import assemble, check_exists
    from receiver.settings import Settings

    settings = Settings.from_environment()
    if not create:
        check_exists(settings, read_models=read_models and not migrate)
    services = assemble(settings, migrate=migrate, warn=lambda text: click.echo(text, err=True))
    try:
        if not migrate:
            services.check_tables()
        yield services
    finally:
        services.close()


def operator() -> str:
    """Return the name of the user who runs the command, or the numeric id of one without a name."""
    try:
        return printable(getpass.getuser())
    except (KeyError, OSError):
        return str(os.getuid())


def takes_why(*, required: bool = False) -> Callable[[Command], Command]:
    """Add the option `--why`, the reason that the events of a command have."""
    meaning = "The reason, for readers of the history."
    return click.option("--why", required=required, callback=_reason, help=meaning)


def operator_cause(why: str | None) -> "Cause":
    """Return the cause of what a command changes: its operator, who may have said why."""
    from domain.cause import OPERATOR, Cause

    name = operator()
    return Cause.of(OPERATOR, name, name, why=why, request_id=uuid.uuid4().hex)


def _reason(_: click.Context, given: click.Parameter, text: str | None) -> str | None:
    reason = (text or "").strip()
    if given.required and not reason:
        raise click.BadParameter("A reason is not blank.")
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise click.BadParameter(f"A reason has up to {LONGEST_REASON} printable characters.")
    return reason or None


def show(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows as a table for people or as JSON for programs."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if as_json:
        print_json(rows)
        return
    table = Table(box=box.SIMPLE)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # As Text, since rich reads markup in what is a str.
        table.add_row(*(Text(printable(_cell(row[column]))) for column in columns))
    # A pipe has no width, so lines are not wrapped.
    Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS).print(table)


def print_json(value: Any) -> None:
    """Print a value as JSON, in visible characters of ASCII alone."""
    click.echo(json_text(value, indent=2))


def json_text(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON, in visible characters of ASCII alone; without `indent` on one line."""
    return json.dumps(value, default=_plain, indent=indent).replace("\x7f", "\\u007f")


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return " ".join(map(_cell, value))
    if isinstance(value, dict):
        return _key(value)
    return str(_plain(value))


def _key(key: dict[str, Any]) -> str:
    """Return the id of a source's key, when it was last used, and when it expires or has expired."""
    facts = [f"used {key['last_used_at']}" if key["last_used_at"] else "never used"]
    if key["expired_at"]:
        facts.append(f"{'expires' if key['live'] else 'expired'} {key['expired_at']}")
    return f"{key['id']} ({', '.join(facts)})"
