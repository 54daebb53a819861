"""The description of one resource of the API."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from projections.projection import Projection
from receiver.event_types import PayloadType

if TYPE_CHECKING:
    from receiver.blueprint import Blueprint


@dataclass(frozen=True)
class Resource:
    """A resource: its projection, its routes, and the event types that change it.

    Only the web application calls `make_blueprints`, so the command line needs no Flask. A resource
    that only requests change has no event types and no payload.
    """

    projection: Projection
    make_blueprints: Callable[[], Sequence["Blueprint"]]
    event_types: tuple[str, ...] = ()
    payload: PayloadType | None = None
