"""A test kit: shipped, received, processed, failed."""

from dataclasses import dataclass
from typing import ClassVar

from domain import observed


class Kit(observed.ObservedAggregate):
    """One kit, identified by its barcode."""

    category = "kit"
    key = "barcode"

    @dataclass(frozen=True, kw_only=True)
    class Observed(observed.Observed):
        """A source announced the kit's status, and maybe its shipment and the reason."""

        TOPIC: ClassVar[str] = "Kit.Observed"
        barcode: str
        shipment_id: int | None

    @dataclass(frozen=True, kw_only=True)
    class Retracted(observed.Retracted):
        """An observation of the kit no longer counts."""

        TOPIC: ClassVar[str] = "Kit.Retracted"
        barcode: str
