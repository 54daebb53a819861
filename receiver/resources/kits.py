"""Kits: kit.created and kit.updated in, /api/v1/kits/ out. Source: seeds, events."""

from domain.aggregates.kit import Kit
from projections.models import kits
from receiver.fields import LONGEST_BARCODE, Id, Prose, Status, Text
from receiver.observed import observed_resource
from receiver.schemas import Lenient


class KitSchema(Lenient):
    """A kit in an event."""

    barcode = Text(LONGEST_BARCODE, required=True)
    status = Status(required=True)
    shipment_id = Id(allow_none=True, load_default=None)
    reason = Prose(allow_none=True, load_default=None)


RESOURCE = observed_resource(
    event_types=("kit.created", "kit.updated"),
    aggregate=Kit,
    payload=KitSchema,
    projection=kits.PROJECTION,
)
