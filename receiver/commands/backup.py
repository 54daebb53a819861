"""kitledger backup: a copy of a ledger on SQLite."""

from pathlib import Path

import click

from receiver.commands.shared import open_services, operator_cause, takes_why


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@takes_why()
def backup(file: Path, why: str | None) -> None:
    """Copy the ledger to the new FILE while it is in use; on SQLite.

    The copy holds every event acknowledged before, and the sources' secrets.
    """
    from rich.console import Console
    from rich.progress import Progress

    from domain.aggregates.backup import Backup
    from domain.use_cases.administration import record
    from receiver import dates
    from receiver.settings import Settings
    from store.sqlite_backup import backup as copy
    from store.sqlite_backup import check

    ledger = Settings.from_environment().ledger_file
    if ledger is None:
        raise click.ClickException(
            "the ledger is in PostgreSQL, which has its own backup: see docs/operations/backup.md"
        )
    check(ledger, file)
    with Progress(console=Console(stderr=True)) as bars:
        bar = bars.add_task(ledger.name, total=None)
        head = copy(ledger, file, lambda done, total: bars.update(bar, completed=done, total=total))
    with open_services() as services:
        caused = services.ledger.caused_by(operator_cause(why))
        made = {"file": str(file), "position": head}
        record(caused, Backup.create_id(), Backup.Made, now=dates.utc_now(), **made)
    click.echo(f"{file} holds the ledger up to position {head}.")
