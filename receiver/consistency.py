"""Consistent reads: a snapshot shows every write acknowledged before the request, or up to a position."""

from collections.abc import Iterator
from contextlib import contextmanager

from eventsourcing.persistence import PersistenceError
from flask import Response, g

from projections.snapshots import Snapshot
from receiver.as_of import asked_position
from receiver.current import services

UNKNOWN = "unknown"


@contextmanager
def consistent_snapshot(projection: str) -> Iterator[Snapshot]:
    """Open a snapshot of a projection that shows every write acknowledged before this request.

    While the ledger can't be reached, it shows the present rows. If the request asks as of a position or
    a time, it shows every event up to that, and none after.
    """
    try:
        head = services().ledger.store.max_notification_id()
    except PersistenceError:
        head = None
    g.as_of = asked_position(head)
    with services().read_database.snapshot(projection, head, g.as_of) as snapshot:
        g.lag = UNKNOWN if snapshot.lag is None else snapshot.lag
        yield snapshot


def last_position() -> int:
    """Return the last position that this request sees: as of which it asks, or the head.

    For what is read from the ledger itself.
    """
    head = services().ledger.store.max_notification_id()
    g.as_of, g.lag = asked_position(head), 0
    return head if g.as_of is None else g.as_of


def add_lag(response: Response) -> None:
    """Add the header Ledger-Lag to an answer that is behind.

    404s carry it too: the row may not be projected yet.
    """
    if g.get("lag"):
        response.headers["Ledger-Lag"] = str(g.lag)
