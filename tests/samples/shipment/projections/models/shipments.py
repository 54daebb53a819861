"""Shipments, by id."""

from sqlalchemy import BigInteger, Column

from domain.aggregates.shipment import Shipment
from projections.observed import ObservedProjection
from projections.observed_tables import observed_tables
from projections.slot_tables import Word


class Shipments(ObservedProjection):
    """The current status of each shipment."""

    name = "shipments"
    aggregate = Shipment
    key = "shipment_id"
    tables = observed_tables(
        "shipments",
        lambda: Column("shipment_id", BigInteger, primary_key=True, autoincrement=False),
        lambda: [Column("carrier", Word)],
    )


PROJECTION = Shipments()
