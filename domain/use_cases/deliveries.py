"""Receiving deliveries: every envelope is recorded, or held in quarantine."""

from collections.abc import Iterable, Sequence

from domain.aggregate import Event
from domain.ledger import CausedLedger
from domain.messages import InvalidEnvelope, Message, Outcome
from domain.receipt import VerifiedDelivery
from domain.stream_repository import StreamRepository
from domain.use_cases.delivery_handler import DeliveryHandler


def receive(
    ledger: CausedLedger,
    delivery: VerifiedDelivery,
    messages: Sequence[Message | InvalidEnvelope],
    *,
    batch: bool,
    ignored: Sequence[str] = (),
) -> list[Outcome]:
    """Record or hold every envelope of a delivery, in one transaction; return an outcome for each.

    A repeated envelope changes nothing. `batch` says whether the body is an array; `ignored` are JSON
    pointers to what does not count when envelopes are compared. Raises eventsourcing's PersistenceError
    when the store can't be written; then nothing is recorded.
    """
    streams = DeliveryHandler.streams_of(delivery, messages, batch=batch)

    def use_case(repository: StreamRepository) -> list[Outcome]:
        versions = repository.stream_versions(streams)
        handler = DeliveryHandler(
            delivery, versions, repository.history, batch=batch, ignored=ignored
        )
        return save_outcomes(repository, handler, messages)

    # Never optimistically: a group commit prefetches the versions for all waiting callers.
    return ledger.run_in_transaction(use_case, streams)


def save_outcomes(
    repository: StreamRepository,
    handler: DeliveryHandler,
    messages: Iterable[Message | InvalidEnvelope],
    more: Sequence[Event] = (),
) -> list[Outcome]:
    """Handle messages, save the resulting events and `more`; return the outcomes."""
    outcomes = [handler.handle(message) for message in messages]
    saved = {
        (each.event.originator_id, each.event.originator_version): each.position
        for each in repository.save_events([*handler.events, *more])
    }
    for outcome in outcomes:
        stored = outcome.stream, outcome.version
        outcome.resolve(saved.get(stored) or repository.position_of(*stored))
    return outcomes
