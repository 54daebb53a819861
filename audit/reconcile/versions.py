"""The versions of one row: the values that held from a position on, until another."""

from collections.abc import Iterable
from typing import Any, NamedTuple

Values = tuple[Any, ...]


class Version(NamedTuple):
    """The values of a row from the position `since` on; `until` is None while they hold."""

    since: int
    until: int | None
    values: Values


def timeline(states: Iterable[tuple[int, Values]]) -> list[Version]:
    """Return the versions of a row that had these values from these positions on."""
    versions: list[Version] = []
    for since, values in states:
        if versions and versions[-1].values == values:
            continue
        if versions:
            versions[-1] = versions[-1]._replace(until=since)
        versions.append(Version(since, None, values))
    return versions


def joined(versions: list[Version]) -> list[Version]:
    """Return versions by rising position; those with equal values that follow one another are one."""
    versions.sort(key=lambda version: version.since)
    found: list[Version] = []
    for version in versions:
        if found and (found[-1].until, found[-1].values) == (version.since, version.values):
            found[-1] = found[-1]._replace(until=version.until)
        else:
            found.append(version)
    return found
