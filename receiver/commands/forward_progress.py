"""The progress of a forward: its secret, and the last position that was taken."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from registry.keys import STANDARD_WEBHOOKS, new_secret


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
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise click.ClickException(f"another forward holds {self._file}") from error
        try:
            yield self._read()
        finally:
            os.close(descriptor)

    def write(self, progress: Progress) -> None:
        """Replace the file; it is on the disk when this returns."""
        new = self._file.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(progress), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

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
