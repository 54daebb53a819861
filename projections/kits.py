"""Kits, by barcode."""

from sqlalchemy import Column

from domain.kit import Kit
from projections.projection import Rows, Word, handles
from projections.standings import Standings, standing_tables


class Kits(Standings):
    """How each kit stands."""

    name = "kits"
    key = "barcode"
    tables = standing_tables("kit", lambda: Column("barcode", Word, primary_key=True))

    @handles(Kit.Told)
    def told(self, rows: Rows, event: Kit.Told, position: int) -> None:
        """Take in what was told of a kit."""
        self.tell(rows, event.barcode, event)

    @handles(Kit.Withdrawn)
    def withdrawn(self, rows: Rows, event: Kit.Withdrawn, position: int) -> None:
        """Take back what was told of a kit."""
        self.tell(rows, event.barcode, event)
