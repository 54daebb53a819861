"""Comparing the rows of a read model's tables with those that are expected."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Table

from audit.reconcile.difference import MISSING, ROW, Difference
from audit.reconcile.expectation import Expectation, Wanted
from audit.reconcile.log import Log
from audit.reconcile.rows import count, pages, tables_of, versions_in
from audit.reconcile.versions import Values, Version, joined
from projections.slot_tables import VersionedTables

PRESENT = "present"


class Comparison:
    """Compare the rows of one slot with what follows from the log; `rows` is how many there are."""

    def __init__(self, connection: Connection, slot: int, log: Log) -> None:
        self.rows = 0
        self._connection = connection
        self._slot = slot
        self._log = log
        self._found: Counter[str] = Counter()

    def compare(self, wanted: Wanted) -> Iterator[Difference]:
        """Yield the differences between the rows that some streams have, and should have."""
        found = self._read(wanted)
        versioned = isinstance(wanted.tables, VersionedTables)
        for key, expected in wanted.rows.items():
            present = found.pop(key, [])
            if present == expected or (not present and key in wanted.optional):
                continue
            if not versioned and present and present[0].values == expected[-1].values:
                continue
            held = expected if versioned else expected[-1:]
            yield from self._differing(wanted, held, joined(present))
        for present in found.values():
            yield from self._differing(wanted, [], joined(present))

    def superfluous(self, expectation: Expectation) -> Iterator[Difference]:
        """Yield the rows that follow from no stream, when a table has more than were found by them."""
        for number, (tables, _) in enumerate(expectation.found_by):
            for table in tables_of(tables, self._slot):
                amount = count(self._connection, table)
                self.rows += amount
                if amount != self._found[table.name]:
                    yield from self._strangers(expectation, number, table)

    def _read(self, wanted: Wanted) -> dict[Values, list[Version]]:
        found: dict[Values, list[Version]] = {}
        for table in tables_of(wanted.tables, self._slot):
            for version in versions_in(self._connection, table, wanted):
                found.setdefault(wanted.columns.key_of(version.values), []).append(version)
                self._found[table.name] += 1
        return {
            key: joined(versions) if len(versions) > 1 else versions
            for key, versions in found.items()
        }

    def _differing(
        self, wanted: Wanted, expected: list[Version], found: list[Version]
    ) -> Iterator[Difference]:
        """Yield the differences of the versions of one row: of the present one, and of each past one."""
        versioned = isinstance(wanted.tables, VersionedTables)
        others = {_moment(each): each for each in found}
        for version in expected:
            other = others.pop(_moment(version), None)
            if other is None:
                yield self._whole(wanted, version, PRESENT, MISSING)
                continue
            names = [*wanted.columns.names, *(["since", "until"] if versioned else [])]
            pairs = zip(names, _facts(version), _facts(other), strict=False)
            for name, right, wrong in pairs:
                if right != wrong:
                    yield self._difference(wanted, version, name, _shown(right), _shown(wrong))
        for other in others.values():
            yield self._whole(wanted, other, MISSING, PRESENT)

    def _whole(self, wanted: Wanted, version: Version, expected: str, found: str) -> Difference:
        if expected == MISSING:
            version = version._replace(since=version.since or self._log.reached)
        return self._difference(wanted, version, ROW, expected, found)

    def _difference(
        self, wanted: Wanted, version: Version, field: str, expected: Any, found: Any
    ) -> Difference:
        table = tables_of(wanted.tables, self._slot)[version.until is not None]
        key = dict(zip(wanted.columns.key, wanted.columns.key_of(version.values), strict=True))
        return Difference(self._kind(table), key, field, expected, found, version.since)

    def _strangers(
        self, expectation: Expectation, number: int, table: Table
    ) -> Iterator[Difference]:
        """Yield the rows of a table that no stream finds."""
        for page in pages(self._connection, table):
            names = {name for row in page for name in self._origins(expectation, number, dict(row))}
            known = [stream for stream in map(self._log.stream, names) if stream.events]
            wanted = expectation.wanted(self._log, known, last=True)[number]
            for row in page:
                if tuple(row[name] for name in wanted.by) not in wanted.keys:
                    key = {name: row[name] for name in wanted.columns.key}
                    since = row.get("since") or self._log.reached
                    yield Difference(self._kind(table), key, ROW, MISSING, PRESENT, since)

    def _origins(self, expectation: Expectation, number: int, row: Mapping[str, Any]) -> list[str]:
        try:
            return expectation.origins(self._log, expectation.found_by[number][0], row)
        except (TypeError, ValueError):
            # A key that no stream can have.
            return []

    def _kind(self, table: Table) -> str:
        return table.name.removesuffix(f"_{self._slot}")


def _moment(version: Version) -> int | None:
    """Return what tells the versions of a row apart: None for the present one, else since when it held."""
    return None if version.until is None else version.since


def _facts(version: Version) -> Values:
    return (*version.values, version.since, version.until)


def _shown(value: Any) -> Any:
    """Return a value that people can read."""
    if not isinstance(value, bytes):
        return value
    try:
        return msgspec.msgpack.decode(value)
    except msgspec.DecodeError:
        return value.hex()
