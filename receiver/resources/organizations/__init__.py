"""Organizations: their groups, and the registrations of profiles to them, in /api/organizations/."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from domain.aggregates.group import Group
from domain.aggregates.registration import Registration
from projections.models.organizations import PROJECTION
from receiver.resource import Resource
from receiver.resources.organizations.group_schemas import GroupSchema
from receiver.resources.organizations.registration_schemas import RegistrationSchema

if TYPE_CHECKING:
    from receiver.blueprint import Blueprint


def _make_blueprints() -> "Sequence[Blueprint]":
    from receiver.resources.organizations import groups, registrations

    return [groups.blueprint, registrations.blueprint]


RESOURCE = Resource(
    PROJECTION,
    _make_blueprints,
    shown={Group: GroupSchema(), Registration: RegistrationSchema()},
)
