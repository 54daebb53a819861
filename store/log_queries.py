"""Search the log by who caused events, what they are, whether they have a reason, and for whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

ORGANIZATION = "organization"
COLUMNS = {ORGANIZATION: "bigint", "topic": "text", '"by"': "text", "has_reason": "boolean"}
"""The columns of the indexes, in their order, before the position; with their types on PostgreSQL."""


@dataclass(frozen=True)
class LogFilter:
    """The facts that a searched event has; `topics` are all that are searched, the others may be empty."""

    topics: Sequence[str]
    by: Sequence[str] = ()
    has_reason: bool | None = None
    organization: int | None = None

    @property
    def columns(self) -> list[str]:
        """Return the columns whose values begin each range of an index that is searched."""
        return list(COLUMNS)[self.organization is None :]

    def ranges(self, actors: Iterable[tuple[str, str]]) -> list[tuple[Any, ...]]:
        """Return the values of these columns in each range; `actors` are pairs of a topic and an actor."""
        reasons = (False, True) if self.has_reason is None else (self.has_reason,)
        first = () if self.organization is None else (self.organization,)
        return [(*first, *pair, reason) for pair in actors for reason in reasons]

    def named(self) -> list[tuple[str, str]]:
        """Return the pairs of each topic and each actor that is searched for."""
        return list(product(self.topics, self.by))


def actors(*, of_organization: bool, topic: str = "?") -> str:
    """Return the statement that finds all actors of one topic.

    It takes the organization, if there is one, and the topic, both twice. It goes from each actor to the next
    by a seek of an index, past all their events. `topic` may be a column of a statement around it.
    """
    fixed = f"{'organization = ? AND ' if of_organization else ''}topic = {topic}"
    seek = 'SELECT "by" FROM stored_events WHERE {} ORDER BY "by" LIMIT 1'
    after = seek.format(f'{fixed} AND "by" > found.actor')
    return f"""WITH RECURSIVE found (actor) AS (
    SELECT * FROM ({seek.format(fixed)}) AS first
    UNION ALL SELECT ({after}) FROM found WHERE found.actor IS NOT NULL)
SELECT actor FROM found WHERE actor IS NOT NULL"""  # noqa: S608 constants only


def actors_of_topics(*, of_organization: bool) -> str:
    """Return PostgreSQL's statement for several topics: it takes them, and the organization twice, if any."""
    each = actors(of_organization=of_organization, topic="wanted.topic")
    return f"""SELECT wanted.topic, each.actor FROM unnest(?::text[]) AS wanted (topic)
CROSS JOIN LATERAL ({each}) AS each"""  # noqa: S608 constants only


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
