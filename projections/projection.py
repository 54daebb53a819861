"""What all read models share: slots of rows, handlers by event, and writing in bulk."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Column, Connection, Index, String, Table, bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite

from domain.aggregate import Event
from domain.ledger import Recorded
from projections.statement import Statement, compiled
from projections.views import metadata

SLOTS = (0, 1)
"""Rows live in one slot; a rebuild fills the other, and then the slots change places."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Slots = tuple[Table, ...]
INNER = {"inner": True}
"""Marks a column that the projection keeps for itself, and no list shows."""
Handler = Callable[[Any, "Rows", Any, int], None]


Word = String().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text that is sorted by its code points, whatever language a server speaks."""


def slots(
    name: str, columns: Callable[[], Sequence[Column[Any]]], indexes: Iterable[Sequence[str]] = ()
) -> Slots:
    """Define a table once for each slot, with columns made anew and the same indexes."""
    tables = []
    for slot in SLOTS:
        table = Table(f"{name}_{slot}", metadata, *columns())
        for index in indexes:
            Index(f"{name}_{slot}_{'_'.join(index)}", *(table.c[column] for column in index))
        tables.append(table)
    return tuple(tables)


def micros(moment: datetime) -> int:
    """Count the microseconds since 1970 of an aware datetime: exact, and ordered like time."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(micros: int) -> datetime:
    """Return the aware UTC datetime of so many microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


def handles(event_class: type[Event]) -> Callable[[Handler], Handler]:
    """Mark a method of a projection as the handler of one event class."""

    def mark(handler: Handler) -> Handler:
        handler.handles = event_class  # type: ignore[attr-defined]
        return handler

    return mark


class Rows:
    """Write to one slot's tables, upserts gathered so that many rows cost one statement."""

    def __init__(self, connection: Connection, slot: int) -> None:
        self.connection = connection
        self.slot = slot
        self.touched: dict[Any, Any] = {}
        self._gathered: dict[str, tuple[Table, list[dict[str, Any]]]] = {}

    def upsert(self, tables: Slots, **row: Any) -> None:
        """Insert a row, or replace the one with its key; written with the others, at the latest by `flush`."""
        table = tables[self.slot]
        self._gathered.setdefault(table.name, (table, []))[1].append(row)

    def flush(self) -> None:
        """Write what was gathered."""
        gathered, self._gathered = self._gathered, {}
        for table, rows in gathered.values():
            statement = _upsert(table, tuple(rows[0]), self.connection)
            self.connection.exec_driver_sql(statement.sql, statement.bind_all(rows))

    def run(self, statement: Any) -> None:
        """Run a statement, after what was gathered before it."""
        self.flush()
        self.connection.execute(statement)

    def change(self, statement: Any) -> None:
        """Run an update or delete that must find its row; LookupError when it does not."""
        self.flush()
        if not self.connection.execute(statement).rowcount:
            raise LookupError(f"no row to change: {statement}")


def _upsert(table: Table, columns: tuple[str, ...], connection: Connection) -> Statement:
    """Compile an upsert once: done for each row anew, it would cost more than the row."""
    key = (table.name, columns, connection.dialect.name)
    if key not in _upserts:
        insert = INSERTS[connection.dialect.name]
        statement = insert(table).values({name: bindparam(name) for name in columns})
        keys = [column.name for column in table.primary_key]
        others = {name: statement.excluded[name] for name in columns if name not in keys}
        upsert = statement.on_conflict_do_update(index_elements=keys, set_=others)
        _upserts[key] = compiled(upsert, connection)
    return _upserts[key]


_upserts: dict[tuple[Any, ...], Statement] = {}
"""By table, columns and database."""
INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Projection:
    """One read model: its name, its tables, one handler for each event that concerns it."""

    name: ClassVar[str]
    tables: ClassVar[tuple[Slots, ...]]
    _handlers: ClassVar[dict[type[Event], Handler]]

    def __init_subclass__(cls) -> None:
        found = (getattr(cls, name) for name in dir(cls))
        cls._handlers = {each.handles: each for each in found if hasattr(each, "handles")}

    @property
    def topics(self) -> frozenset[str]:
        """Return the topics of the events that concern it."""
        return frozenset(event_class.TOPIC for event_class in self._handlers)

    def apply(self, connection: Connection, slot: int, recorded: Iterable[Recorded]) -> None:
        """Write what follows from these events to the rows of a slot."""
        rows = Rows(connection, slot)
        for each in recorded:
            self._handlers[type(each.event)](self, rows, each.event, each.position)
        rows.flush()
        self.settle(rows)

    def settle(self, rows: Rows) -> None:
        """Write what can only be known after all events of a batch."""

    def clear(self, connection: Connection, slot: int) -> None:
        """Delete the rows of a slot."""
        for tables in self.tables:
            connection.execute(delete(tables[slot]))
