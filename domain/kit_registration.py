"""A kit registration: which customer a kit belongs to, and when that was verified."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.aggregate import Aggregate, Event


class KitRegistration(Aggregate):
    """One registration, known by its integer id."""

    customer: int
    kit: str
    verification_date: datetime | None
    created_at: datetime
    modified_at: datetime

    @dataclass(frozen=True, kw_only=True)
    class Registered(Event):
        """A customer got a kit."""

        TOPIC: ClassVar[str] = "KitRegistration.Registered"
        registration_id: int
        customer: int
        kit: str
        verification_date: datetime | None

        def apply(self, aggregate: "KitRegistration") -> None:
            """Assign the first state."""
            aggregate.registration_id = self.registration_id
            aggregate.customer = self.customer
            aggregate.kit = self.kit
            aggregate.verification_date = self.verification_date
            aggregate.created_at = aggregate.modified_at = self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class VerificationDateSet(Event):
        """The customer registered the kit at a date, or that date was cleared."""

        TOPIC: ClassVar[str] = "KitRegistration.VerificationDateSet"
        registration_id: int
        verification_date: datetime | None

        def apply(self, aggregate: "KitRegistration") -> None:
            """Assign the date."""
            aggregate.verification_date = self.verification_date
            aggregate.modified_at = self.timestamp

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.registration_id = 0

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
        """Give the kit to the customer."""
        self.trigger(
            self.Registered,
            now,
            registration_id=registration_id,
            customer=customer,
            kit=kit,
            verification_date=verification_date,
        )

    def set_verification_date(self, verification_date: datetime | None, *, now: datetime) -> None:
        """Set or clear the date; the same date again is no event."""
        if verification_date != self.verification_date:
            self.trigger(
                self.VerificationDateSet,
                now,
                registration_id=self.registration_id,
                verification_date=verification_date,
            )


class KitHolder(Aggregate):
    """Who has a kit: the one place where two customers who want the same kit meet."""

    @dataclass(frozen=True, kw_only=True)
    class Assigned(Event):
        """The kit went to a customer, by a registration."""

        TOPIC: ClassVar[str] = "KitHolder.Assigned"
        customer: int
        registration_id: int

        def apply(self, aggregate: "KitHolder") -> None:
            """Assign the holder."""
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
        """Give the kit, which nobody has, to a customer."""
        self.trigger(self.Assigned, now, customer=customer, registration_id=registration_id)
