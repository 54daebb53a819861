"""Find out whether a transaction was committed whose answer was lost."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from eventsourcing.persistence import OperationalError

from store.postgres_unit_of_work import PlacedRow, PostgresUnitOfWork

RESOLVE_SECONDS = 3.0
RETRY_SECONDS = 0.1
IS_STORED = """SELECT 1 FROM stored_events
WHERE position = %s AND originator_id = %s AND originator_version = %s AND state = %b"""


class Session(Protocol):
    """The part of a session by which the row is looked for."""

    def begin(self) -> None: ...
    def run(self, work: Callable[[PostgresUnitOfWork], Any]) -> Any: ...
    def commit(self) -> None: ...
    def abandon(self) -> None: ...


def is_stored(row: PlacedRow, new_session: Callable[[], Session]) -> bool:
    """Tell whether a row of the transaction is stored; raises OperationalError if nobody knows yet.

    The lock is free only once that transaction has ended, one way or the other. It is recognized by
    what it wrote, since a standby that was promoted gives its transactions numbers of its own. It may
    be there though its wait for the standby was cut short: the commit here waits anew, behind it.
    """
    deadline = time.monotonic() + RESOLVE_SECONDS
    values = (row.position, row.originator_id, row.originator_version, row.state)
    while True:
        session = new_session()
        try:
            session.begin()
            found = session.run(lambda transaction: transaction.execute(IS_STORED, values))
            session.commit()
            return bool(found)
        except OperationalError as error:
            if time.monotonic() > deadline:
                raise OperationalError(
                    f"whether the last commit was made could not be found out yet: {error}"
                ) from error
            time.sleep(RETRY_SECONDS)
        finally:
            session.abandon()
