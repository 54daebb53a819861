"""Observations of one thing, and the current status that they give in any order."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from domain.event_ids import EventId

_NUMBER = re.compile(r"-?[0-9]+")


class HasStatus(Protocol):
    """The parts of an observation that a current status follows from."""

    @property
    def event_id(self) -> EventId: ...
    @property
    def source(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def fields(self) -> dict[str, Any]: ...
    @property
    def sequence(self) -> str | None: ...


T = TypeVar("T", bound=HasStatus)


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """The status of one thing in one delivery; `created_at` is the sender's time, aware UTC.

    `fields` are the aggregate's own fields, such as a kit's shipment. `sequence` orders the events of a
    sender that says it.
    """

    event_id: EventId
    source: str
    status: str
    created_at: datetime
    reason: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    sequence: str | None = None

    @property
    def key(self) -> tuple[EventId, str]:
        """Return the key that identifies an observation among those of one thing."""
        return self.event_id, self.source


@dataclass(frozen=True, slots=True)
class CurrentStatus:
    """The status of a thing, and its other fields, after all observations of it."""

    status: str
    reason: str | None
    created_at: datetime
    modified_at: datetime
    fields: dict[str, Any]


def current_status(observations: Iterable[HasStatus]) -> CurrentStatus | None:
    """Fold observations, which come in the order of their positions; return None when there are none.

    Sorting makes the result independent of the order of arrival. A reason is kept until the status
    changes: a later observation of the same status without a reason does not clear it.
    """
    ordered = in_order(observations)
    if len(ordered) < 2:  # noqa: PLR2004 with none or one there is nothing to fold
        return next(map(_alone, ordered), None)
    status, reason = "", None
    own: dict[str, Any] = {}
    for each in ordered:
        if each.status != status:
            status, reason = each.status, None
        reason = reason if each.reason is None else each.reason
        for name, value in each.fields.items():
            if value is not None:
                own[name] = value
    times = [each.created_at for each in ordered]
    return CurrentStatus(status, reason, min(times), max(times), own)


def _alone(each: HasStatus) -> CurrentStatus:
    own = {name: value for name, value in each.fields.items() if value is not None}
    return CurrentStatus(each.status, each.reason, each.created_at, each.created_at, own)


def in_order(observations: Iterable[T]) -> Sequence[T]:
    """Sort the observations of one thing, given in the order of their positions.

    By integer id, when all have one, else by sequence, when all have one (as numbers if all are, so that 10
    comes after 9; else by code points, as CloudEvents demand), else by the sender's time. One
    order for all of them: by id here and by time there, three of them could lie in a circle. Those that
    are equal stay in the order of their positions.
    """
    found = list(observations)
    if all(type(each.event_id) is int for each in found):
        found.sort(key=_by_id)
    elif all(each.sequence is not None for each in found):
        numbers = all(_NUMBER.fullmatch(each.sequence or "") for each in found)
        found.sort(key=_by_number if numbers else _by_sequence)
    else:
        found.sort(key=_by_time)
    return found


def _by_number(each: HasStatus) -> int:
    return int(each.sequence or 0)


# Not by properties, which take five times as long.
_by_id = attrgetter("event_id", "source")
_by_sequence = attrgetter("sequence")
_by_time = attrgetter("created_at")
