"""Projections that exist in tests alone: one that counts, and one that can't take everything."""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, String, insert

from domain.aggregates.kit import Kit
from projections.batch_writer import BatchWriter
from projections.projection import Projection, handles
from projections.slot_tables import slot_tables


class Tally(Projection):
    """Write a line for each event that it is given: what is given twice has two lines."""

    name = "tally"
    lines = slot_tables(
        "tally", lambda: [Column("position", BigInteger), Column("barcode", String)]
    )
    tables = (lines,)

    @handles(Kit.Observed)
    def told(self, rows: BatchWriter, event: Kit.Observed, position: int) -> None:
        """Count it."""
        line = {"position": position, "barcode": event.barcode}
        rows.connection.execute(insert(self.lines[rows.slot]).values(**line))


class Fragile(Projection):
    """List kits by barcode, but break at those in `poison`, after having written something."""

    name = "fragile"
    seen = slot_tables(
        "fragile",
        lambda: [Column("barcode", String, primary_key=True), Column("position", BigInteger)],
    )
    tables = (seen,)
    poison: ClassVar[dict[str, Exception]] = {}

    @handles(Kit.Observed)
    def told(self, rows: BatchWriter, event: Kit.Observed, position: int) -> None:
        """List it."""
        rows.upsert(self.seen, barcode=event.barcode, position=position)
        if event.barcode in self.poison:
            rows.flush()
            raise self.poison[event.barcode]


def positions(rows: list[list[tuple[Any, ...]]]) -> list[int]:
    """Return the positions that were counted, in order."""
    return sorted(position for position, _ in rows[0])
