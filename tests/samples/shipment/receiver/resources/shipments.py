"""Shipments: shipment.updated in, /api/v1/shipments/ out."""

from domain.aggregates.shipment import Shipment
from projections.models import shipments
from receiver.fields import Id, Prose, Status, Text
from receiver.observed import observed_resource
from receiver.schemas import Lenient


class ShipmentSchema(Lenient):
    """A shipment in an event."""

    shipment_id = Id(required=True)
    status = Status(required=True)
    carrier = Text(32, allow_none=True, load_default=None)
    reason = Prose(allow_none=True, load_default=None)


RESOURCE = observed_resource(
    event_types=("shipment.updated",),
    aggregate=Shipment,
    payload=ShipmentSchema,
    projection=shipments.PROJECTION,
)
