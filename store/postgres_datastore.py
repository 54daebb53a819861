"""eventsourcing's datastore on a URL of any number of hosts, and on a bounded pool."""

from collections.abc import Iterator
from contextlib import contextmanager

from eventsourcing import postgres as library

from store.connections import Connection
from store.postgres_pool import PostgresPool


class Datastore(library.PostgresDatastore):
    """Lend connections of a bounded pool to what the library's recorders ask by themselves."""

    def __init__(self, url: str, pool_size: int, *, single_row_tracking: bool = True) -> None:
        super().__init__(
            *("", "", "", "", ""),
            originator_id_type="text",
            single_row_tracking=single_row_tracking,
        )
        self.url = url
        self.connections = PostgresPool(url, pool_size)

    def register_type_adapters(self) -> None:
        """Do nothing: no composite type is used, and nothing connects before it must."""

    @contextmanager
    def get_connection(self) -> Iterator[Connection]:
        """Lend a connection."""
        with self.connections.lend() as connection:
            yield connection

    def close(self) -> None:
        """Close the idle connections."""
        # The library calls it from __del__, too, which may be before __init__ came this far.
        if hasattr(self, "connections"):
            self.connections.close()
