"""A test kit on its way: shipped, received, processed, failed."""

from dataclasses import dataclass
from typing import Any, ClassVar

from domain import telling


class Kit(telling.Subject):
    """One kit, known by its barcode."""

    @dataclass(frozen=True, kw_only=True)
    class Told(telling.Told):
        """A source told the kit's status, and maybe its shipment and the reason."""

        TOPIC: ClassVar[str] = "Kit.Told"
        barcode: str
        shipment_id: int | None

    @dataclass(frozen=True, kw_only=True)
    class Withdrawn(telling.Withdrawn):
        """A telling about the kit no longer counts."""

        TOPIC: ClassVar[str] = "Kit.Withdrawn"
        barcode: str

    told = Told
    withdrawn = Withdrawn

    @staticmethod
    def create_id(barcode: str) -> str:
        """Name the stream of a kit."""
        return f"kit/{barcode}"

    @staticmethod
    def named(key: str) -> dict[str, Any]:
        """Return the field that names a kit."""
        return {"barcode": key}
