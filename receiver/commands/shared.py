"""Functions of all commands: opening the services, and printing rows."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from receiver.services import Services

PIPE_COLUMNS = 1000
ID = click.IntRange(0, 2**53 - 1)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


@contextmanager
def open_services(*, migrate: bool = True) -> "Iterator[Services]":
    """Open the services of the environment's settings, and close them at the end."""
    from receiver.services import assemble
    from receiver.settings import Settings

    services = assemble(
        Settings.from_environment(), migrate=migrate, warn=lambda text: click.echo(text, err=True)
    )
    try:
        yield services
    finally:
        services.close()


def show(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows as a table for people or as JSON for programs."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    if as_json:
        click.echo(json.dumps(rows, default=_plain, indent=2))
        return
    table = Table(box=box.SIMPLE)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in columns))
    # A pipe has no width, so lines are not wrapped.
    Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS).print(table)


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return " ".join(map(_cell, value))
    if isinstance(value, dict):
        return str(value["id"]) + (" (expired)" if value.get("expired_at") else "")
    return str(_plain(value))
