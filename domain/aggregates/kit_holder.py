"""The customer that a kit belongs to: one stream per kit, on which two customers conflict."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.aggregate import Aggregate, Event


class KitHolder(Aggregate):
    """The customer that a kit belongs to; it never changes."""

    category = "kit-holder"

    @dataclass(frozen=True, kw_only=True)
    class Assigned(Event):
        """The kit was assigned to a customer, by a registration."""

        TOPIC: ClassVar[str] = "KitHolder.Assigned"
        customer: int
        registration_id: int

        def apply(self, aggregate: "KitHolder") -> None:
            aggregate.customer = self.customer
            aggregate.registration_id = self.registration_id

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.customer: int | None = None
        self.registration_id: int | None = None

    @staticmethod
    def create_id(kit: str) -> str:
        """Name the stream of a kit's holder."""
        return f"kit-holder/{kit}"

    def assign(self, *, now: datetime, customer: int, registration_id: int) -> None:
        """Assign the kit, which has no customer yet, to a customer."""
        self.trigger(self.Assigned, now, customer=customer, registration_id=registration_id)
