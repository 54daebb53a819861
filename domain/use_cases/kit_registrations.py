"""Registering kits to customers."""

from datetime import datetime

from domain.aggregates.kit_holder import KitHolder
from domain.aggregates.kit_registration import KitRegistration
from domain.errors import KitOfAnotherCustomer, UnknownKitRegistration
from domain.ledger import CausedLedger
from domain.stream_repository import StreamRepository
from domain.use_cases.checks import Check, unconditional


def kit_registration(repository: StreamRepository, registration_id: int) -> KitRegistration:
    """Load a registration; raises UnknownKitRegistration."""
    registration = repository.load(KitRegistration, KitRegistration.create_id(registration_id))
    if registration.version == 0:
        raise UnknownKitRegistration(f"there is no kit registration {registration_id}")
    return registration


def register_kit(
    ledger: CausedLedger,
    check: Check = unconditional,
    *,
    now: datetime,
    customer: int,
    kit: str,
    verification_date: datetime | None,
) -> tuple[KitRegistration, bool]:
    """Register a kit to a customer; return the registration and whether it is new.

    Raises KitOfAnotherCustomer.
    """

    def use_case(repository: StreamRepository) -> tuple[KitRegistration, bool]:
        holder = repository.load(KitHolder, KitHolder.create_id(kit))
        if holder.registration_id is not None:
            if holder.customer != customer:
                raise KitOfAnotherCustomer(f"kit {kit} belongs to another customer")
            known = kit_registration(repository, holder.registration_id)
            check(known)
            return known, False
        check()
        given = repository.store.next_id("kit-registration")
        registration = KitRegistration(KitRegistration.create_id(given))
        registration.register(
            now=now,
            registration_id=given,
            customer=customer,
            kit=kit,
            verification_date=verification_date,
        )
        holder.assign(now=now, customer=customer, registration_id=given)
        repository.save_aggregates(registration, holder)
        return registration, True

    return ledger.run_optimistically(use_case)


def set_verification_date(
    ledger: CausedLedger,
    registration_id: int,
    verification_date: datetime | None,
    check: Check = unconditional,
    *,
    now: datetime,
) -> KitRegistration:
    """Set or clear the date of a registration; raises UnknownKitRegistration."""

    def use_case(repository: StreamRepository) -> KitRegistration:
        registration = kit_registration(repository, registration_id)
        check(registration)
        registration.set_verification_date(verification_date, now=now)
        repository.save_aggregates(registration)
        return registration

    return ledger.run_optimistically(use_case)
