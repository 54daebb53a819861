"""Loading registrations, and the groups that requests name."""

from dataclasses import dataclass

from domain.aggregates.claim import Claim
from domain.aggregates.group import Group
from domain.aggregates.registration import Registration
from domain.errors import InvalidField, UnknownRegistration
from domain.stream_repository import StreamRepository
from domain.use_cases.groups import load_group, require_organization


@dataclass(frozen=True)
class RegistrationInGroup:
    """A registration together with its group."""

    registration: Registration
    group: Group


def find_registration(
    repository: StreamRepository, organization_id: int, profile_id: int, registration_id: int
) -> RegistrationInGroup:
    """Load a registration and its group; raises UnknownOrganization and UnknownRegistration."""
    require_organization(repository, organization_id)
    found = repository.load(Registration, Registration.create_id(registration_id))
    owner = (organization_id, profile_id)
    if found.version == 0 or (found.organization_id, found.profile_id) != owner:
        raise UnknownRegistration("this profile has no such registration")
    return RegistrationInGroup(found, load_group(repository, organization_id, found.group_id))


def wanted_group(
    repository: StreamRepository,
    organization_id: int,
    group_id: int | None,
    identifier: str | None,
) -> Group:
    """Load a group by its id or its identifier, which wins; raises InvalidField when there is none."""
    field = "groupID"
    if identifier is not None:
        key = Claim.identifier_key(organization_id, identifier)
        group_id, field = repository.load(Claim, key).holder, "groupIdentifier"
    if group_id is not None:
        group = load_group(repository, organization_id, group_id)
        if group.version:
            return group
    raise InvalidField(field, "There is no such group in this organization.")
