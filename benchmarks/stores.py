"""The two stores to measure on: files in a folder, and databases of a real PostgreSQL server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.places import Place, make_place
from tests.harness.postgres import Databases

SERVER = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "min_wal_size": "1GB",
}
"""What anybody sets who runs PostgreSQL for this; all that has to do with safety is as it comes."""


@dataclass(frozen=True)
class Store:
    """One kind of store: its name in the table, and how to make an empty one."""

    name: str
    make: Callable[[str], Place]


def sqlite(folder: Path) -> Store:
    """Make stores in files."""
    return Store("SQLite", lambda name: make_place(folder / "sqlite" / name))


@contextmanager
def postgres(folder: Path) -> Iterator[Store]:
    """Make stores in a server of its own, which is gone in the end."""
    databases = Databases(**SERVER)
    places: list[Place] = []

    def make(name: str) -> Place:
        places.append(make_place(folder / "postgres" / name, databases.new()))
        return places[-1]

    try:
        yield Store("PostgreSQL", make)
    finally:
        for place in places:
            place.parts.close()
        databases.close()
