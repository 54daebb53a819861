"""Recording what operators do past the API: to projections, and by taking backups."""

from datetime import datetime
from typing import Any

from domain.aggregate import Event
from domain.ledger import CausedLedger
from domain.stream_repository import StreamRepository


def record(
    ledger: CausedLedger, stream: str, event_class: type[Event], *, now: datetime, **values: Any
) -> None:
    """Save an event of a stream in which all that operators do is allowed."""

    def use_case(repository: StreamRepository) -> None:
        found = repository.load(event_class.aggregate_class, stream)
        found.trigger(event_class, now, **values)
        repository.save_aggregates(found)

    ledger.run_optimistically(use_case)
