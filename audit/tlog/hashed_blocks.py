"""Hashing blocks of the log for its verification: here, or by several processes."""

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from eventsourcing.persistence import PersistenceError

from audit.tlog.builder import BATCH_BYTES, BATCH_EVENTS, Recorder
from audit.tlog.entries import NO_ENTRY, NoEntry, leaf_of
from store.stored_rows import StoredRow

Facts = Callable[[str, int, str, bytes], tuple[str, bool, int | None] | None]
"""Returns the facts by which the log is searched, as they follow from an event, or None if they can't."""
Log = tuple[Recorder, Facts]
Block = tuple[int, int]
"""The first and the last position of some events."""
UNREADABLE: tuple[type[Exception], ...] = (NoEntry, TypeError, PersistenceError)
"""Raised for rows with values that no event has, of which SQLite takes any."""
BLOCK_EVENTS = 4 * BATCH_EVENTS
NO_EVENT = "there is no event at this position"
EARLIER = "its recorded time is before that of the event before it"
OTHER_FACTS = "the log would find it by facts that it does not have"


@dataclass(frozen=True)
class HashedBlock:
    """The hashes of the leaves of a block, up to its first fault: a position, and what is wrong there."""

    first: int
    leaves: list[bytes]
    first_time: int
    last_time: int
    fault: tuple[int, str] | None


def blocks(head: int) -> Iterator[Block]:
    """Yield the blocks of a log that ends at a position."""
    for first in range(1, head + 1, BLOCK_EVENTS):
        yield first, min(head, first + BLOCK_EVENTS - 1)


def hashed(log: Log, block: Block) -> HashedBlock:
    """Hash the events of a block; they have no gap, their times never fall, and their facts are their own."""
    (first, last), leaves = block, list[bytes]()
    first_time = last_time = 0
    at_once = BATCH_EVENTS
    while first + len(leaves) <= last:
        expected = first + len(leaves)
        limit = min(at_once, last - expected + 1)
        try:
            found, times, fault = _hashed_rows(log, expected, limit, last_time)
        except UNREADABLE:
            if limit > 1:
                at_once = 1
                continue
            # If the database can't be reached, it is that.
            log[0].max_notification_id()
            return HashedBlock(first, leaves, first_time, last_time, (expected, NO_ENTRY))
        if not leaves:
            first_time = times[0]
        leaves += found
        last_time = times[1]
        if fault is not None:
            return HashedBlock(first, leaves, first_time, last_time, fault)
    return HashedBlock(first, leaves, first_time, last_time, None)


def _hashed_rows(
    log: Log, expected: int, limit: int, last_time: int
) -> tuple[list[bytes], tuple[int, int], tuple[int, str] | None]:
    """Return the leaves of some events up to the first fault, the first and the last time, and the fault."""
    store, facts = log
    rows = store.select_rows(expected - 1, limit=limit, max_bytes=BATCH_BYTES)
    fault = _fault(rows, expected, last_time, facts) if rows else (expected, NO_EVENT)
    sound = rows if fault is None else rows[: fault[0] - expected]
    times = (sound[0][-1], sound[-1][-1]) if sound else (last_time, last_time)
    return [leaf_of(row) for row in sound], times, fault


def hashed_here(log: Log, wanted: Iterable[Block]) -> Iterator[HashedBlock]:
    """Yield hashed blocks in their order."""
    return (hashed(log, block) for block in wanted)


def hashed_by_processes(
    open_log: Callable[[], Log], workers: int, wanted: Iterable[Block]
) -> Iterator[HashedBlock]:
    """Yield hashed blocks in their order, hashed by several processes, which open the log by themselves."""
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _open, (open_log,))
    pending: deque[Future[HashedBlock]] = deque()
    try:
        for block in wanted:
            pending.append(pool.submit(_hashed, block))
            if len(pending) > 2 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _fault(
    rows: list[StoredRow], expected: int, last_time: int, facts: Facts
) -> tuple[int, str] | None:
    for wanted, row in enumerate(rows, expected):
        position, stream, version, topic, state, by, has_reason, organization, time = row
        if position != wanted:
            return wanted, NO_EVENT
        if time < last_time:
            return wanted, EARLIER
        last_time = time
        # Events of before these columns were there have no time either.
        said = facts(stream, version, topic, state) if time else None
        if said is not None and said != (by, bool(has_reason), organization):
            return wanted, OTHER_FACTS
    return None


_opened: list[Log] = []
"""The log that this process has opened, if it is one of several."""


def _open(open_log: Callable[[], Log]) -> None:
    # Ctrl-C reaches them too; the process that asks ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _opened.append(open_log())


def _hashed(block: Block) -> HashedBlock:
    return hashed(_opened[0], block)
