"""The log: all events, searched by what they are, who caused them, and whether they have a reason."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from audit.entries import Entry
from audit.history import Histories
from domain.aggregate import Aggregate, Event
from domain.cause import CLIENT, KINDS
from domain.discovery import modules_of
from domain.ledger import Ledger
from store.log_queries import LogFilter

CHUNK = 1000


@dataclass(frozen=True)
class LogQuery:
    """The filters of a search; None filters nothing.

    `kind` is that of a subject, `event` a topic, and `by` has actors such as client/3; none filter nothing.
    """

    kind: str | None = None
    event: str | None = None
    by: tuple[str, ...] = ()
    has_reason: bool | None = None
    organization: int | None = None


@cache
def topics() -> dict[str, str]:
    """Return the kind of the subject of each topic."""
    modules_of("domain.aggregates")
    return {
        event_class.TOPIC: kind
        for kind, aggregate in sorted(Aggregate.by_category.items())
        for event_class in vars(aggregate).values()
        if isinstance(event_class, type) and issubclass(event_class, Event)
    }


def topics_in(ledger: Ledger) -> dict[str, str]:
    """Return the kind of the subject of each topic in a ledger, also of topics of later versions."""
    known, store = topics(), ledger.store
    return {
        topic: known.get(topic) or store.stream_of_topic(topic).partition("/")[0]
        for topic in store.topics()
    }


def log_page(
    histories: Histories, query: LogQuery, *, after: int, until: int, limit: int
) -> list[Entry]:
    """Return the first entries of the log after a position, and up to another."""
    store = histories.ledger.store
    if query == LogQuery():
        stored: Sequence[Any] = store.select_notifications(after + 1, limit, until)
    else:
        wanted = _filter(query, topics_in(histories.ledger))
        stored = store.select_log(wanted, after, until, limit)
    return histories.of_events(stored)


def all_of(ledger: Ledger, wanted: LogFilter, until: int) -> Iterator[Any]:
    """Yield all stored events up to a position that a filter lets through, some at a time."""
    after = 0
    while stored := ledger.store.select_log(wanted, after, until, CHUNK):
        yield from stored
        after = stored[-1].id


def _filter(query: LogQuery, found: Mapping[str, str]) -> LogFilter:
    wanted = [
        topic
        for topic, kind in found.items()
        if query.kind in {None, kind} and query.event in {None, topic}
    ]
    return LogFilter(wanted, query.by, query.has_reason, query.organization)


def actors(by: str, clients_named: Callable[[str], Iterable[int]]) -> list[str]:
    """Return the actors that a text may mean: client:3 or client/3, or an id or a name of any kind."""
    kind, separator, name = by.replace(":", "/", 1).partition("/")
    if separator:
        return [f"{kind}/{name}"]
    named = [f"{CLIENT}/{each}" for each in clients_named(by)]
    return [*(f"{kind}/{by}" for kind in KINDS), *named]
