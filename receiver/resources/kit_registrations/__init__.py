"""The registrations of kits to customers, under both of their addresses."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from domain.aggregates.kit_registration import KitRegistration
from projections.models.kit_registrations import PROJECTION
from receiver.resource import Resource
from receiver.resources.kit_registrations.schemas import KitRegistrationSchema

if TYPE_CHECKING:
    from receiver.blueprint import Blueprint


def _make_blueprints() -> "Sequence[Blueprint]":
    from receiver.resources.kit_registrations.routes import make_blueprint

    return [make_blueprint("kit-registrations"), make_blueprint("customer-kit-registrations")]


RESOURCE = Resource(PROJECTION, _make_blueprints, shown={KitRegistration: KitRegistrationSchema()})
