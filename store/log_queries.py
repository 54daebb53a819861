"""Search the log by who caused events, what they are, whether they have a reason, and for whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

# Each is one range of an index that ends with the position.
SEEK = """SELECT position FROM (SELECT position FROM stored_events
WHERE {conditions} AND position > ? AND position <= ? ORDER BY position LIMIT ?) AS found"""
SEEKS = "SELECT position FROM ({seeks}) AS found ORDER BY position LIMIT ?"


@dataclass(frozen=True)
class LogFilter:
    """What an event must have; `topics` are all that are searched, the others filter nothing when empty."""

    topics: Sequence[str]
    by: Sequence[str] = ()
    has_reason: bool | None = None
    organization: int | None = None

    def ranges(self) -> Iterator[dict[str, Any]]:
        """Yield the columns that begin each range of an index."""
        reasons = (False, True) if self.has_reason is None else (self.has_reason,)
        for topic, by, reason in product(self.topics, self.by or (None,), reasons):
            fixed: dict[str, Any] = {"topic": topic, "has_reason": reason}
            if by is not None:
                fixed['"by"'] = by
            if self.organization is not None:
                fixed["organization"] = self.organization
            yield fixed


def seeks(wanted: LogFilter, after: int, until: int, limit: int) -> tuple[str, list[Any]]:
    """Return the statement, and its values, that finds the first positions in a part of the log."""
    parts, values = [], []
    for fixed in wanted.ranges():
        parts.append(SEEK.format(conditions=" AND ".join(f"{name} = ?" for name in fixed)))
        values += [*fixed.values(), after, until, limit]
    return SEEKS.format(seeks=" UNION ALL ".join(parts)), [*values, limit]
