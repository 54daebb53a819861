"""The base of the expectations: the rows that tables should have, by the streams of one kind."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any

from audit.reconcile.log import Log, Stream
from audit.reconcile.versions import Values, Version, joined
from projections.slot_tables import SlotTables, VersionedTables, block_of

HOLDING = frozenset({"since", "until"})
"""The columns of versioned tables that say when a row held."""


class Columns:
    """The columns of a table that hold values, in its own order."""

    def __init__(self, tables: SlotTables) -> None:
        others = HOLDING if isinstance(tables, VersionedTables) else frozenset()
        self.names = [each.name for each in tables[0].c if each.name not in others]
        self.key = [each.name for each in tables[0].primary_key]
        places = [self.names.index(name) for name in self.key]
        self._key = itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
        self._get = itemgetter(*self.names)

    def values(self, row: Mapping[str, Any]) -> Values:
        """Return a row's values in order; raises TypeError unless it has a value for every column."""
        if len(row) != len(self.names):
            unknown = sorted(set(self.names) ^ set(row))
            raise TypeError(f"expectations and tables differ in these columns: {unknown}")
        values: Values = self._get(row)
        return values

    def key_of(self, values: Values) -> Values:
        """Return the values of the primary key."""
        key: Values = self._key(values)
        return key


@dataclass
class Wanted:
    """The versions of the rows that a table should have for some streams, by primary key.

    `by` names the columns that find the rows of these streams, and `keys` has their values. The rows
    of `optional` keys depend on how the events came in batches.
    """

    tables: SlotTables
    columns: Columns
    by: tuple[str, ...]
    keys: set[Values] = field(default_factory=set)
    rows: dict[Values, list[Version]] = field(default_factory=dict)
    optional: set[Values] = field(default_factory=set)

    def add(self, versions: list[Version]) -> None:
        """Add the versions of one row."""
        if versions:
            self.rows[self.columns.key_of(versions[0].values)] = versions

    def add_each(self, versions: list[Version]) -> None:
        """Add the versions of several rows."""
        gathered: dict[Values, list[Version]] = {}
        for version in versions:
            gathered.setdefault(self.columns.key_of(version.values), []).append(version)
        for each in gathered.values():
            self.add(joined(each))


class Expectation(ABC):
    """The rows that follow from the streams of one kind, by their aggregate's own code.

    `parts` are tables, with the columns that find the rows of one stream. `bounds` are those of the
    keys that are new in each block of positions, if the read model keeps them.
    """

    category: str
    parts: tuple[tuple[SlotTables, tuple[str, ...]], ...]
    bounds: SlotTables | None = None

    @cached_property
    def found_by(self) -> list[tuple[SlotTables, tuple[str, ...]]]:
        """Return all tables, with the columns that find the rows of one stream."""
        return [*self.parts, *([] if self.bounds is None else [(self.bounds, ("block",))])]

    @cached_property
    def columns(self) -> list[Columns]:
        """Return the columns of each table."""
        return [Columns(tables) for tables, _ in self.found_by]

    @cached_property
    def _greatest(self) -> dict[int, tuple[Any, int]]:
        """Return the greatest key of each block so far, and its position; a block has many positions."""
        return {}

    def chunks(self, log: Log) -> Iterator[list[Stream]]:
        """Yield the streams, some at a time."""
        return log.chunks(self.category)

    def wanted(self, log: Log, streams: Sequence[Stream], *, last: bool = False) -> list[Wanted]:
        """Return the rows that follow from some streams, for each table; `last` says that none follow."""
        wanted = [
            Wanted(tables, columns, by)
            for (tables, by), columns in zip(self.found_by, self.columns, strict=True)
        ]
        for stream in streams:
            self.expect(log, stream, *wanted[: len(self.parts)])
        if last and self.bounds is not None:
            for block, (key, position) in self._greatest.items():
                wanted[-1].keys.add((block,))
                wanted[-1].add([Version(position, None, (block, key))])
        return wanted

    def new_key(self, key: Any, position: int) -> None:
        """Raise the bound of the block of a position where a key was new."""
        block = block_of(position)
        if block not in self._greatest or key > self._greatest[block][0]:
            self._greatest[block] = key, position

    @abstractmethod
    def expect(self, log: Log, stream: Stream, *wanted: Wanted) -> None:
        """Add the rows and keys of one stream to those that are wanted of each table."""

    @abstractmethod
    def origins(self, log: Log, tables: SlotTables, row: Mapping[str, Any]) -> list[str]:
        """Return the names of the streams that a row would follow from."""
