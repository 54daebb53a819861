"""The description of one resource of the API."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from marshmallow import Schema

from domain.aggregate import Aggregate
from projections.projection import Projection
from receiver.event_types import PayloadType

if TYPE_CHECKING:
    from receiver.blueprint import Blueprint


@dataclass(frozen=True)
class Resource:
    """A resource: its projection, its routes, and the event types that change it.

    Only the web application calls `make_blueprints`, so the command line needs no Flask. A resource
    that only requests change has no event types and no payload. `shown` has the schema by which the values
    of an aggregate are shown, in histories too.
    """

    projection: Projection
    make_blueprints: Callable[[], Sequence["Blueprint"]]
    event_types: tuple[str, ...] = ()
    payload: PayloadType | None = None
    shown: Mapping[type[Aggregate], Schema] = field(default_factory=dict)
