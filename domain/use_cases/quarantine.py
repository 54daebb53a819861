"""Releasing and discarding deliveries that are held in quarantine."""

from datetime import datetime

from domain.aggregates.quarantine import Quarantine
from domain.errors import StillRefused, UnknownQuarantined
from domain.ledger import Ledger
from domain.messages import EnvelopeReader, Outcome
from domain.stream_repository import StreamRepository
from domain.use_cases.deliveries import save_outcomes
from domain.use_cases.release_handler import ReleaseHandler


def quarantined(repository: StreamRepository, position: int) -> Quarantine:
    """Load the quarantined body at a position; raises UnknownQuarantined."""
    known = 0 < position < 2**63
    stored = repository.store.select_notifications(position, 1, position) if known else []
    if not stored or stored[0].topic != Quarantine.Held.TOPIC:
        raise UnknownQuarantined(f"nothing is quarantined under {position}")
    return repository.load(Quarantine, str(stored[0].originator_id))


def release(
    ledger: Ledger,
    position: int,
    read: EnvelopeReader,
    *,
    now: datetime,
    by: str,
    replace: bool = False,
) -> list[Outcome]:
    """Read a held delivery again and record it; return an outcome for each envelope.

    Raises UnknownQuarantined, QuarantineClosed, StillRefused, and WouldReplace when it conflicts with a
    recorded envelope and `replace` is False.
    """

    def use_case(repository: StreamRepository) -> list[Outcome]:
        quarantine = quarantined(repository, position)
        held = quarantine.release(now=now, by=by)
        messages, batch = read(held.body)
        if batch and held.batch is not None:
            raise StillRefused("it is still invalid: an event in an array is an object")
        streams = ReleaseHandler.streams_of(held.delivery(), messages, batch=batch)
        versions = repository.stream_versions(streams)
        handler = ReleaseHandler(
            held, versions, repository.history, now, batch=batch, replace=replace
        )
        return save_outcomes(repository, handler, messages, quarantine.collect_events())

    return ledger.run_optimistically(use_case)


def discard(ledger: Ledger, position: int, *, now: datetime, by: str, why: str) -> None:
    """Discard a held delivery; raises UnknownQuarantined, QuarantineClosed."""

    def use_case(repository: StreamRepository) -> None:
        quarantine = quarantined(repository, position)
        quarantine.discard(now=now, by=by, why=why)
        repository.save_aggregates(quarantine)

    ledger.run_optimistically(use_case)
