"""Reading and writing the transparency log in the ledger's database."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row, func, inspect, select, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from audit.tlog.checkpoints import Checkpoint, parse_note
from audit.tlog.merkle import HASH_BYTES, root
from audit.tlog.notes import Note
from audit.tlog.tables import checkpoints, metadata, tiles
from audit.tlog.tile_cache import Place, TileCache
from audit.tlog.tiles import WIDTH, TiledNodes
from store.advisory_locks import MIGRATION_LOCK
from store.engines import Pragmas, engine
from store.errors import translated_errors
from store.postgres_begin import READ_COMMITTED
from store.sqlite_file import SqliteFile
from store.urls import is_postgres

Written = tuple[int, int, bytes]
"""The level and the number of a tile, and its hashes."""
UNSYNCED: Pragmas = {"synchronous": "NORMAL"}
BEGIN_UNSYNCED = "BEGIN; SET LOCAL synchronous_commit = off"
# A tile that another process has already written further stays as it is.
SAVE = text("""INSERT INTO tlog_tiles (level, number, hashes) VALUES (:level, :number, :hashes)
ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes
WHERE length(excluded.hashes) > length(tlog_tiles.hashes)""")
LAST = (
    select(tiles.c.number, func.length(tiles.c.hashes))
    .where(tiles.c.level == 0)
    .order_by(tiles.c.number.desc())
    .limit(1)
)


class TlogStorage:
    """The tiles, and the checkpoints that were signed.

    Tiles follow from the events, so a power cut may undo the last of them: they wait for no disk.
    Checkpoints do. Raises a driver's errors and eventsourcing's PersistenceError when the database can't be
    reached, as the ledger does.
    """

    def __init__(self, url: str, file: SqliteFile | None = None) -> None:
        shared = is_postgres(url)
        begin = READ_COMMITTED if shared else "BEGIN IMMEDIATE"
        self._engine = engine(url, begin=begin, pool_size=2, file=file)
        self._reader = self._engine.execution_options(begin="BEGIN")
        self._unsynced = (
            self._engine.execution_options(begin=BEGIN_UNSYNCED)
            if shared
            else engine(url, begin="BEGIN IMMEDIATE", pragmas=UNSYNCED, file=file)
        )
        self._cache = TileCache(self._tiles)
        self._insert = postgresql.insert if shared else sqlite.insert

    def migrate(self) -> None:
        """Create missing tables; concurrent migrations wait for one another."""
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(MIGRATION_LOCK)
            metadata.create_all(connection)

    def is_complete(self) -> bool:
        """Say whether every table exists."""
        with self.reading() as connection:
            return metadata.tables.keys() <= set(inspect(connection).get_table_names())

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection for reading."""
        with translated_errors, self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that is on disk when it ends."""
        with translated_errors, self._engine.begin() as connection:
            yield connection

    def size(self) -> int:
        """Return the number of entries that the tiles hold."""
        with self.reading() as connection:
            last = connection.execute(LAST).first()
        return 0 if last is None else int(last[0]) * WIDTH + int(last[1]) // HASH_BYTES

    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile that may be partial; none if there is no such tile."""
        wanted = select(tiles.c.hashes).where(tiles.c.level == level, tiles.c.number == number)
        with self.reading() as connection:
            return bytes(connection.scalar(wanted) or b"")

    def nodes(self, size: int = 0, *indexes: int) -> TiledNodes:
        """Return the nodes of the tree; each tile is read once.

        Those between some leaves and the root of a tree of `size` are known at once.
        """
        return TiledNodes(self.tile, self._cache.tiles(size, indexes))

    def _tiles(self, places: Sequence[Place]) -> dict[Place, bytes]:
        wanted = tuple_(tiles.c.level, tiles.c.number).in_(places)
        with self.reading() as connection:
            rows = connection.execute(
                select(tiles.c.level, tiles.c.number, tiles.c.hashes).where(wanted)
            ).all()
        return {(level, number): bytes(hashes) for level, number, hashes in rows}

    def root(self, size: int) -> bytes:
        """Return the root of the first entries; raises LookupError when the tiles hold fewer."""
        return root(self.nodes(size), size)

    def save_tiles(self, written: Sequence[Written]) -> None:
        """Write tiles that are new or longer than they were."""
        rows = [dict(zip(("level", "number", "hashes"), each, strict=True)) for each in written]
        with translated_errors, self._unsynced.begin() as connection:
            connection.execute(SAVE, rows)

    def save_checkpoint(self, note: Note) -> None:
        """Keep a signed checkpoint; one that is kept already stays as it is."""
        row = {**vars(Checkpoint.parse(note.text)), "note": str(note)}
        with self.writing() as connection:
            # The newest one stays the last, though the clock was set back.
            last = connection.scalar(select(func.max(checkpoints.c.signed_at))) or 0
            row["signed_at"] = max(time.time_ns() // 1000, last + 1)
            connection.execute(self._insert(checkpoints).values(row).on_conflict_do_nothing())

    def newest(self, origin: str | None = None) -> str | None:
        """Return the newest checkpoint, of any origin if none is given."""
        wanted = select(checkpoints.c.note)
        if origin is not None:
            wanted = wanted.where(checkpoints.c.origin == origin)
        newest = wanted.order_by(checkpoints.c.signed_at.desc(), checkpoints.c.size.desc()).limit(1)
        with self.reading() as connection:
            note: str | None = connection.scalar(newest)
        return note

    def checkpoints(self) -> Iterable[Row[Any]]:
        """Return the origin, the size, the root and the note of each checkpoint, by rising size."""
        columns = (checkpoints.c[name] for name in ("origin", "size", "root", "note"))
        with self.reading() as connection:
            return connection.execute(
                select(*columns).order_by(checkpoints.c.size, checkpoints.c.origin)
            ).all()

    def close(self) -> None:
        """Close every connection."""
        self._unsynced.dispose()
        self._engine.dispose()


def newest_checkpoint(storage: TlogStorage, covering: int = 0) -> tuple[Checkpoint, Note] | None:
    """Return the newest checkpoint and its note, if it covers so many entries."""
    newest = storage.newest()
    found = None if newest is None else parse_note(newest)
    return found if found and found[0].size >= covering else None
