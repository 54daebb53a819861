"""Envelope mappings: where the webhooks of a source say an event's id, type, time and data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.locations import Location, parse

KITLEDGER = "kitledger"

DEFAULT_LOCATIONS = {
    "id_from": "body:/id",
    "type_from": "body:/type",
    "time_from": "body:/created_at",
    "data_from": "body:/data",
}


@dataclass(frozen=True)
class EnvelopeMapping:
    """The locations of an event's parts; `time` is None where the sender says none."""

    id: Location
    type: Location
    time: Location | None
    data: Location

    @property
    def headers(self) -> tuple[str, ...]:
        """Return the names of the headers that it reads, in lower case."""
        found = [each.header for each in (self.id, self.type, self.time, self.data) if each]
        return tuple(dict.fromkeys(name for name in found if name is not None))


def envelope_mapping(parts: Mapping[str, str]) -> EnvelopeMapping | None:
    """Return the mapping in a source's settings, or None when it has the default envelope.

    Raises ValueError, with one line that names the setting, for a location that can't be read.
    """
    if not parts.keys() & DEFAULT_LOCATIONS.keys():
        return None
    # A preset says where everything is; what it leaves out, its sender does not say.
    known = parts if parts.get("preset", KITLEDGER) != KITLEDGER else {**DEFAULT_LOCATIONS, **parts}
    locations: dict[str, Any] = {"time": None}
    for name in known.keys() & DEFAULT_LOCATIONS.keys():
        try:
            locations[name.removesuffix("_from")] = parse(known[name])
        except ValueError as error:
            raise ValueError(f"{name.replace('_', '-')}: {error}") from error
    if lacking := [name for name in ("id", "type", "data") if name not in locations]:
        raise ValueError(f"the mapping lacks {', '.join(f'{name}-from' for name in lacking)}")
    return EnvelopeMapping(**locations)
