"""Registering profiles to groups, and changing and deactivating registrations."""

from dataclasses import dataclass
from datetime import datetime

from domain.aggregate import Aggregate
from domain.aggregates.claim import Claim
from domain.aggregates.registration import Registration
from domain.errors import AlreadyRegistered
from domain.ledger import CausedLedger
from domain.stream_repository import StreamRepository
from domain.use_cases.checks import Check
from domain.use_cases.claims import move_claim
from domain.use_cases.groups import require_organization
from domain.use_cases.registration_lookup import (
    RegistrationInGroup,
    find_registration,
    wanted_group,
)


@dataclass(frozen=True)
class RegistrationChange:
    """The wanted values of a registration; None changes nothing.

    `deactivated` is set only if it is in `sets`, where None reactivates.
    """

    group_id: int | None = None
    identifier: str | None = None
    type: str | None = None
    deactivated: datetime | None = None
    sets: frozenset[str] = frozenset()


def register(
    ledger: CausedLedger,
    organization_id: int,
    profile_id: int,
    change: RegistrationChange,
    check: Check,
    *,
    now: datetime,
) -> RegistrationInGroup:
    """Register a profile to a group.

    Raises UnknownOrganization, InvalidField for an unknown group, and AlreadyRegistered.
    """

    def use_case(repository: StreamRepository) -> RegistrationInGroup:
        require_organization(repository, organization_id)
        group = wanted_group(repository, organization_id, change.group_id, change.identifier)
        type_ = change.type or ""
        key = Claim.registration_key(organization_id, profile_id, group.group_id, type_)
        claim = repository.load(Claim, key)
        if claim.holder is not None:
            raise _already_registered()
        check()
        given = repository.store.next_id("registration")
        claim.take(given, now=now, otherwise=_already_registered())
        registration = Registration(Registration.create_id(given))
        registration.register(
            now=now,
            organization_id=organization_id,
            registration_id=given,
            profile_id=profile_id,
            group_id=group.group_id,
            type=type_,
        )
        repository.save_aggregates(registration, claim)
        return RegistrationInGroup(registration, group)

    return ledger.run_optimistically(use_case)


def change_registration(
    ledger: CausedLedger,
    organization_id: int,
    profile_id: int,
    registration_id: int,
    change: RegistrationChange,
    check: Check,
    *,
    now: datetime,
) -> RegistrationInGroup:
    """Change the group, the type or the deactivation of a registration.

    Raises UnknownOrganization, UnknownRegistration, InvalidField for an unknown group, and
    AlreadyRegistered when another active registration has this profile, group and type.
    """

    def use_case(repository: StreamRepository) -> RegistrationInGroup:
        found = find_registration(repository, organization_id, profile_id, registration_id)
        check(found)
        registration, group = found.registration, found.group
        if change.group_id is not None or change.identifier is not None:
            group = wanted_group(repository, organization_id, change.group_id, change.identifier)
        before = _claim_key(registration)
        sets_time = "deactivated" in change.sets
        registration.change(
            now=now,
            group_id=group.group_id,
            type=change.type or registration.type,
            deactivated=change.deactivated if sets_time else registration.deactivated,
        )
        _save(repository, registration, before, now)
        return RegistrationInGroup(registration, group)

    return ledger.run_optimistically(use_case)


def deactivate_registration(
    ledger: CausedLedger,
    organization_id: int,
    profile_id: int,
    registration_id: int,
    check: Check,
    *,
    now: datetime,
) -> None:
    """Deactivate a registration now; an inactive one is not changed.

    Raises UnknownOrganization and UnknownRegistration.
    """

    def use_case(repository: StreamRepository) -> None:
        found = find_registration(repository, organization_id, profile_id, registration_id)
        check(found)
        each = found.registration
        if each.deactivated is None:
            before = _claim_key(each)
            each.change(now=now, group_id=each.group_id, type=each.type, deactivated=now)
            _save(repository, each, before, now)

    ledger.run_optimistically(use_case)


def _save(
    repository: StreamRepository, registration: Registration, before: str | None, now: datetime
) -> None:
    """Save a registration, and move its claim from `before`."""
    claims: list[Aggregate] = move_claim(
        repository,
        before,
        _claim_key(registration),
        holder=registration.registration_id,
        otherwise=_already_registered(),
        now=now,
    )
    repository.save_aggregates(registration, *claims)


def _claim_key(registration: Registration) -> str | None:
    """Return the claim of a registration; None while it is inactive."""
    if registration.deactivated is not None:
        return None
    return Claim.registration_key(
        registration.organization_id,
        registration.profile_id,
        registration.group_id,
        registration.type,
    )


def _already_registered() -> AlreadyRegistered:
    return AlreadyRegistered("an active registration of this profile, group and type exists")
