"""Events as their sources sent them: /api/v1/events/."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from projections.models.events import PROJECTION
from receiver.resource import Resource

if TYPE_CHECKING:
    from receiver.blueprint import Blueprint


def _make_blueprints() -> "Sequence[Blueprint]":
    from receiver.resources.events.routes import blueprint

    return [blueprint]


RESOURCE = Resource(PROJECTION, _make_blueprints)
