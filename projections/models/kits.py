"""Kits, by barcode."""

from sqlalchemy import BigInteger, Column

from domain.aggregates.kit import Kit
from projections.observed import ObservedProjection
from projections.observed_tables import observed_tables
from projections.slot_tables import Word


class Kits(ObservedProjection):
    """The current status of each kit."""

    name = "kits"
    aggregate = Kit
    key = "barcode"
    tables = observed_tables(
        "kits",
        lambda: Column("barcode", Word, primary_key=True),
        lambda: [Column("shipment_id", BigInteger)],
    )


PROJECTION = Kits()
