"""The console script."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from receiver.commands import (
    audit,
    backup,
    clients,
    forward,
    history,
    project,
    projections,
    quarantine,
    send,
    service,
    sources,
    tail,
)
from receiver.commands.terminal import printable


class OneLineErrors(click.Group):
    """Report an operator's error as one line on standard error, with exit status 1."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(context)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            # So that --help does not import the errors below. A pipe that was closed ends a command quietly.
            raise
        except UnicodeEncodeError as error:
            raise click.ClickException("what was given has characters that are none") from error
        except _operators() as error:
            cause = getattr(error, "orig", None) or error
            raise click.ClickException(printable(" ".join(str(cause).split()))) from error


@click.group(cls=OneLineErrors)
@click.version_option(package_name="kitledger")
def kitledger() -> None:
    """Receive lab webhooks durably, and answer reads from projections."""


for command in (
    service.serve,
    project.project,
    service.migrate,
    backup.backup,
    service.welcome,
    sources.sources,
    clients.clients,
    projections.projections,
    quarantine.quarantine,
    history.history,
    history.replay,
    send.send,
    tail.tail,
    forward.forward,
    audit.audit,
):
    kitledger.add_command(command)


def main() -> None:
    """Run the console script.

    What it makes is for its owner alone, whatever the umask. A character that the terminal can't show
    is printed as an escape: a command that has made a key would end before it prints it.
    """
    os.umask(0o077)
    # Python has no stream where the caller has closed it, and the ledger's file would take its number.
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115 open to the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115 open to the end
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(kitledger(prog_name="kitledger"))


def _operators() -> tuple[type[Exception], ...]:
    """Return the errors that an operator can act on; imported when one occurs."""
    from concurrent.futures import BrokenExecutor

    from eventsourcing.persistence import DataError, MapperDeserialisationError

    from audit.bundles.errors import BundleError
    from audit.tlog.builder import Altered
    from audit.tlog.entries import NoEntry
    from audit.tlog.key_file import SignerError
    from domain.errors import Refusal
    from projections.databases import Locked
    from projections.rebuild import RebuildStopped
    from projections.status import NotStopped
    from receiver.settings import SettingsError
    from registry.clients import ClientError
    from registry.keys import SourceError
    from store.errors import UNAVAILABLE
    from store.sqlite_backup import BackupFailed

    ours = (ClientError, SettingsError, SourceError, Refusal, Locked, NotStopped, RebuildStopped)
    return (
        *ours,
        Altered,
        BundleError,
        NoEntry,
        SignerError,
        BackupFailed,
        MapperDeserialisationError,
        *UNAVAILABLE,
        BrokenExecutor,
        DataError,
        OSError,
    )
