"""The kinds of store to measure: SQLite files, and databases of a PostgreSQL server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.store_under_test import StoreUnderTest, make_store
from tests.harness.postgres import Databases

SERVER_SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "min_wal_size": "1GB",
}
"""Common settings for such a load; all settings that concern durability keep their defaults."""


@dataclass(frozen=True)
class StoreKind:
    """A kind of store: its name in the report, and a function that makes an empty one."""

    name: str
    make: Callable[[str], StoreUnderTest]


def sqlite(folder: Path) -> StoreKind:
    """Return the kind of SQLite stores, in files below a folder."""
    return StoreKind("SQLite", lambda name: make_store(folder / "sqlite" / name))


@contextmanager
def postgres(folder: Path) -> Iterator[StoreKind]:
    """Provide the kind of PostgreSQL stores, on a server that is removed on exit."""
    databases = Databases(**SERVER_SETTINGS)
    stores: list[StoreUnderTest] = []

    def make(name: str) -> StoreUnderTest:
        stores.append(make_store(folder / "postgres" / name, databases.new()))
        return stores[-1]

    try:
        yield StoreKind("PostgreSQL", make)
    finally:
        for store in stores:
            store.services.close()
        databases.close()
