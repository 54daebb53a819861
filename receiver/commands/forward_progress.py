"""The progress of a forward: its secret, and the last position that was taken."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from registry.keys import STANDARD_WEBHOOKS, new_secret
from store.owned_files import locked, replace


@dataclass
class Progress:
    """The secret that signs, and the last position that was taken by which address; None before the first."""

    secret: str
    position: int | None = None
    target: str | None = None


class ProgressFile:
    """The file of a forward's progress: for its owner alone, and replaced as a whole."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def secret(self) -> str:
        """Return the secret, also while another process holds the progress; it is made if there is none."""
        if self._file.exists():
            return self._read().secret
        with self.held() as progress:
            return progress.secret

    @contextmanager
    def held(self) -> Iterator[Progress]:
        """Give the progress, which is made if there is none, and its secret printed.

        One process at a time holds it. Raises ClickException for another.
        """
        try:
            with locked(self._file.with_suffix(".lock"), wait=False):
                yield self._read()
        except BlockingIOError as error:
            raise click.ClickException(f"another forward holds {self._file}") from error

    def write(self, progress: Progress) -> None:
        """Replace the file; it is on the disk when this returns."""
        replace(self._file, json.dumps(asdict(progress)))

    def _read(self) -> Progress:
        try:
            return Progress(**json.loads(self._file.read_text()))
        except FileNotFoundError:
            made = Progress(new_secret(STANDARD_WEBHOOKS))
            self.write(made)
            click.echo(f"made the secret that signs, kept in {self._file}:\n{made.secret}")
            return made
        except (ValueError, TypeError) as error:
            raise click.ClickException(f"{self._file} is no progress of a forward") from error


def progress_file(name: str) -> ProgressFile:
    """Return the file of a forward's progress, beside the ledger's file, or in ./data."""
    from receiver.settings import Settings

    ledger = Settings.from_environment().ledger_file
    folder = Path("data") if ledger is None else ledger.parent
    return ProgressFile(folder / f"forward-{name}.json")
