"""A shipment of kits: on its way, delivered, lost."""

from dataclasses import dataclass
from typing import ClassVar

from domain import observed


class Shipment(observed.ObservedAggregate):
    """One shipment, known by its integer id."""

    category = "shipment"
    key = "shipment_id"
    key_type = int

    @dataclass(frozen=True, kw_only=True)
    class Observed(observed.Observed):
        """A source announced the shipment's status, and maybe its carrier and the reason."""

        TOPIC: ClassVar[str] = "Shipment.Observed"
        shipment_id: int
        carrier: str | None

    @dataclass(frozen=True, kw_only=True)
    class Retracted(observed.Retracted):
        """An observation of the shipment no longer counts."""

        TOPIC: ClassVar[str] = "Shipment.Retracted"
        shipment_id: int
