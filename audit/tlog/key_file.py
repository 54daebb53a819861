"""The file of the keys that sign checkpoints, and the last checkpoint that was signed, beside it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from audit.tlog.notes import NoteError, SignerKey
from store.owned_files import locked, replace


class SignerError(Exception):
    """No checkpoint can be signed."""


class KeyFile:
    """A file for its owner alone, with a key on each line, the newest first; all have one name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last = path.with_name(f"{path.name}.last")

    def exists(self) -> bool:
        """Say whether there is a key."""
        return self.path.exists()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from signing and from changing keys; waits for them."""
        with locked(self.path.with_name(f"{self.path.name}.lock"), wait=True):
            yield

    def read(self) -> list[SignerKey]:
        """Return the keys; raises SignerError when there is none, or others than the owner can read them."""
        try:
            found = self.path.stat()
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise SignerError(
                f"there is no key at {self.path}: `kitledger audit key` makes one"
            ) from None
        except UnicodeDecodeError:
            text = ""
        if found.st_mode & 0o077 or found.st_uid != os.geteuid():
            raise SignerError(f"{self.path} is not for its owner alone: chmod 600 and chown it")
        try:
            keys = [SignerKey.parse(line) for line in text.splitlines() if line.strip()]
        except NoteError as error:
            raise SignerError(f"{self.path} holds no keys: {error}") from None
        if not keys or len({key.name for key in keys}) > 1:
            raise SignerError(f"{self.path} holds no key, or keys of several names")
        return keys

    def write(self, keys: Sequence[SignerKey]) -> None:
        """Replace the keys."""
        replace(self.path, "".join(f"{key.to_text()}\n" for key in keys))

    def last(self) -> str | None:
        """Return the last checkpoint that was signed, if there is one; raises SignerError if it is no text."""
        try:
            return self._last.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise SignerError(
                f"the last checkpoint can't be read: {self._last} is no text"
            ) from None

    def keep_last(self, note: str) -> None:
        """Keep the last checkpoint that was signed; it is on the disk when this returns."""
        replace(self._last, note)

    def set_last_aside(self) -> None:
        """Rename the last checkpoint of an origin that has ended, so that it stays as evidence."""
        if self._last.exists():
            names = (self._last.with_name(f"{self._last.name}.{number}") for number in count(1))
            self._last.rename(next(name for name in names if not name.exists()))
