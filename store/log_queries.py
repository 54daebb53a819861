"""Search the log by who caused events, what they are, whether they have a reason, and for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

ORGANIZATION = "organization"
COLUMNS = {ORGANIZATION: "bigint", "topic": "text", '"by"': "text", "has_reason": "boolean"}
"""The columns of the indexes, in their order, before the position; with their types on PostgreSQL."""


@dataclass(frozen=True)
class LogFilter:
    """What an event must have; `topics` are all that are searched, the others filter nothing when empty."""

    topics: Sequence[str]
    by: Sequence[str] = ()
    has_reason: bool | None = None
    organization: int | None = None

    def ranges(self) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return the columns of an index, and their values in each range that is to be searched."""
        reasons = (False, True) if self.has_reason is None else (self.has_reason,)
        organizations = () if self.organization is None else (self.organization,)
        wanted: tuple[Sequence[Any], ...] = (organizations, self.topics, self.by, reasons)
        given = {name: values for name, values in zip(COLUMNS, wanted, strict=True) if values}
        return list(given), list(product(*given.values()))


def range_seek(columns: Sequence[str]) -> str:
    """Return the statement that finds the first positions of one range: it takes values, bounds and a limit."""
    fixed = " AND ".join(f"{name} = ?" for name in columns)
    return f"""SELECT position FROM stored_events
WHERE {fixed} AND position > ? AND position <= ? ORDER BY position LIMIT ?"""  # noqa: S608 names of columns


def lateral_seek(columns: Sequence[str], limit: int) -> str:
    """Return a statement for all ranges at once: it takes an array for each column, and two bounds.

    Only one index has the order that it asks for, since the columns that are compared as a row are not
    equal to anything: otherwise the planner of PostgreSQL reads another index now and then, and sorts. It
    has to know the limit, too.
    """
    arrays = ", ".join(f"?::{COLUMNS[name]}[]" for name in columns)
    equal = [name for name in columns if name in {ORGANIZATION, "topic"}]
    ordered = [name for name in columns if name not in equal]
    fixed = " AND ".join(f"{name} = wanted.{name}" for name in equal)
    order = ", ".join([*ordered, "position"])
    wanted = ", ".join(f"wanted.{name}" for name in ordered)
    return f"""SELECT found.position FROM unnest({arrays}) AS wanted ({", ".join(columns)})
CROSS JOIN LATERAL (
    SELECT position FROM stored_events
    WHERE {fixed} AND ({order}) > ({wanted}, ?) AND ({order}) <= ({wanted}, ?)
    ORDER BY {order} LIMIT {limit:d}) AS found
ORDER BY found.position LIMIT {limit:d}"""  # noqa: S608 names of columns
