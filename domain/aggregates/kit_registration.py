"""The registration of a kit to a customer, and the date at which it was verified."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from domain.aggregate import Aggregate, Event
from domain.times import to_seconds


class KitRegistration(Aggregate):
    """One registration, identified by its integer id."""

    category = "kit-registration"
    key_type = int

    customer: int
    kit: str
    verification_date: datetime | None
    created_at: datetime
    modified_at: datetime

    @dataclass(frozen=True, kw_only=True)
    class Registered(Event):
        """The kit was registered to a customer."""

        TOPIC: ClassVar[str] = "KitRegistration.Registered"
        registration_id: int
        customer: int
        kit: str
        verification_date: datetime | None

        def apply(self, aggregate: "KitRegistration") -> None:
            aggregate.registration_id = self.registration_id
            aggregate.customer = self.customer
            aggregate.kit = self.kit
            aggregate.verification_date = self.verification_date
            aggregate.created_at = aggregate.modified_at = self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class VerificationDateSet(Event):
        """The verification date was set, or cleared."""

        TOPIC: ClassVar[str] = "KitRegistration.VerificationDateSet"
        registration_id: int
        verification_date: datetime | None

        def apply(self, aggregate: "KitRegistration") -> None:
            aggregate.verification_date = self.verification_date
            aggregate.modified_at = self.timestamp

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.registration_id = 0

    def values(self) -> dict[str, Any]:
        """Return what a registration is, with its key as `id`."""
        return {**super().values(), "id": self.registration_id}

    @staticmethod
    def create_id(registration_id: int) -> str:
        """Name the stream of a registration."""
        return f"kit-registration/{registration_id}"

    def register(
        self,
        *,
        now: datetime,
        registration_id: int,
        customer: int,
        kit: str,
        verification_date: datetime | None,
    ) -> None:
        """Register the kit to the customer."""
        self.trigger(
            self.Registered,
            now,
            registration_id=registration_id,
            customer=customer,
            kit=kit,
            verification_date=verification_date,
        )

    def set_verification_date(self, verification_date: datetime | None, *, now: datetime) -> None:
        """Set or clear the date, which counts in seconds; the same date again is no event."""
        before = self.verification_date and to_seconds(self.verification_date)
        if verification_date != before:
            self.trigger(
                self.VerificationDateSet,
                now,
                registration_id=self.registration_id,
                verification_date=verification_date,
            )
