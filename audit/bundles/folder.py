"""The folder of a bundle: files are in it once they are complete, and on disk."""

import os
from collections.abc import Callable, Collection
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO

from audit.bundles.errors import BundleError

Write = Callable[[BinaryIO], object]


class Folder:
    """Write files for their owner alone, and read files of a limited size."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """Make the folder, if it is missing."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def is_empty(self, but: Collection[str]) -> bool:
        """Say whether there is nothing in it, but for these names."""
        return all(each.name in but for each in self.path.iterdir())

    def write(self, name: str, write: Write) -> str:
        """Write a file unless the same one is there; return its SHA-256 in hexadecimal digits."""
        path = self.path / name
        _make_parents(path.parent, self.path)
        partial = path.with_name(f"{path.name}.partial")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        digest = _sha256(partial)
        if self.sha256(name) == digest:
            partial.unlink()
        else:
            partial.rename(path)
            _sync(path.parent)
        return digest

    def put(self, name: str, content: bytes) -> None:
        """Write a file with some content, unless it is there."""
        if self.read(name, len(content) + 1) != content:
            self.write(name, lambda file: file.write(content))

    def append(self, name: str, content: bytes) -> None:
        """Append to a file, and return when it is on disk."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self.path / name, flags, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _sync(self.path)

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self.path / name).unlink(missing_ok=True)
        _sync(self.path)

    def sha256(self, name: str) -> str | None:
        """Return the SHA-256 of a file in hexadecimal digits; None if it is missing."""
        path = self.path / name
        return _sha256(path) if path.is_file() else None

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the content of a file up to a number of bytes; None if it is missing."""
        path = self.path / name
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(limit)

    def required(self, name: str, limit: int) -> bytes:
        """Return the content of a file; raises BundleError if it is missing, or too long."""
        content = self.read(name, limit + 1)
        if content is None:
            raise BundleError(f"{self.path} is not a bundle, or not a whole one: it has no {name}")
        if len(content) > limit:
            raise BundleError(f"{name} is longer than {limit} bytes")
        return content

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder of it, sorted."""
        path = self.path / folder
        return sorted(each.name for each in path.iterdir()) if path.is_dir() else []


def _make_parents(folder: Path, top: Path) -> None:
    if folder != top and not folder.is_dir():
        _make_parents(folder.parent, top)
        folder.mkdir(mode=0o700, exist_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
