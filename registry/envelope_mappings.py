"""Envelope mappings: where the webhooks of a source say an event's id, type, time and data."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.locations import Location, parse

DEFAULT_LOCATIONS = {
    "id_from": "body:/id",
    "type_from": "body:/type",
    "time_from": "body:/created_at",
    "data_from": "body:/data",
}


@dataclass(frozen=True)
class EnvelopeMapping:
    """The locations of an event's parts; an event without a time has that of its receipt."""

    id: Location
    type: Location
    time: Location
    data: Location

    @property
    def headers(self) -> tuple[str, ...]:
        """Return the names of the headers that it reads, in lower case."""
        found = [each.header for each in (self.id, self.type, self.time, self.data)]
        return tuple(dict.fromkeys(name for name in found if name is not None))


def envelope_mapping(parts: Mapping[str, str]) -> EnvelopeMapping | None:
    """Return the mapping in a source's settings, or None when it has the default envelope.

    Raises ValueError, with one line that names the setting, for a location that can't be read.
    """
    if not parts.keys() & DEFAULT_LOCATIONS.keys():
        return None
    locations = {}
    for name, default in DEFAULT_LOCATIONS.items():
        try:
            locations[name.removesuffix("_from")] = parse(parts.get(name, default))
        except ValueError as error:
            raise ValueError(f"{name.replace('_', '-')}: {error}") from error
    if locations["data"].pointer is None:
        raise ValueError("data-from: data is in the body: body: or body:/json/pointer")
    return EnvelopeMapping(**locations)
