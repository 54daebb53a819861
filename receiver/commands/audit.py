"""kitledger audit: what auditors ask of the whole ledger."""

import sys
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from receiver.commands import bundles, signing, verifying
from receiver.commands.shared import as_json, json_text, open_services
from receiver.commands.terminal import printable

if TYPE_CHECKING:
    from rich.console import Console

    from audit.reconcile import Difference


@click.group()
def audit() -> None:
    """Check the ledger and its read models, and prove what is in it."""


proof = (signing.key, signing.checkpoint, signing.prove, verifying.verify)
for command in (*proof, bundles.export, bundles.import_):
    audit.add_command(command)


@audit.command()
@as_json
def reconcile(as_json: bool) -> None:
    """Compare every row of every read model with the log; the exit status is 1 if any differs.

    So are sources, their keys, and clients. Nothing is repaired: `kitledger projections rebuild` fills a
    read model anew.
    """
    from rich.console import Console
    from rich.progress import Progress

    from audit.reconcile import Reconciliation, principals
    from projections.models import all_projections

    console = Console(stderr=True)
    hidden = not console.is_terminal
    bars = Progress(console=console, transient=True, redirect_stdout=False, disable=hidden)
    differing = 0
    with open_services(migrate=False) as services, bars:
        bar = bars.add_task("Reconciling", total=None)
        comparing = Reconciliation(
            services.ledger,
            services.read_database,
            all_projections(),
            lambda note: click.echo(printable(note), err=True),
            lambda done, total: bars.update(bar, completed=done, total=total),
        )
        registry = principals.differences(services.ledger, services.registry)
        for difference in chain(comparing.differences(), registry):
            differing += 1
            _print(json_text(vars(difference)) if as_json else _line(difference), console)
    counts = f"{comparing.rows} rows and {comparing.events} events"
    found = f"{differing} difference{'s' * (differing != 1)}"
    click.echo(f"Compared {counts}: {found}.", err=as_json)
    if differing:
        raise SystemExit(1)


def _print(line: str, console: "Console") -> None:
    """Print a line: where it would meet the progress bar on one terminal, above that."""
    if sys.stdout.isatty() and console.is_terminal:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    else:
        click.echo(line)


def _line(difference: "Difference") -> str:
    """Return a difference as a line for people."""
    key = ", ".join(f"{name} {value}" for name, value in difference.key.items())
    what = f"{difference.kind}, {key}: {difference.field}"
    values = f"{_value(difference.expected)} → {_value(difference.found)}"
    return printable(f"{what} {values} (position {difference.position})")


def _value(value: Any) -> str:
    return "-" if value is None else str(value)
