"""Releasing and discarding deliveries that are held in quarantine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from domain.aggregates.quarantine import Quarantine
from domain.errors import Refusal, StillRefused, UnknownQuarantined
from domain.ledger import CausedLedger
from domain.messages import EnvelopeReader, Outcome
from domain.stream_repository import StreamRepository
from domain.use_cases.deliveries import save_outcomes
from domain.use_cases.release_handler import ReleaseHandler

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Release:
    """The decision to release: how a body is read now, and whether it replaces a recorded one.

    `ignored` returns the JSON pointers of a source to what does not count when envelopes are compared.
    """

    read: EnvelopeReader
    now: datetime
    replace: bool = False
    ignored: Callable[[str], Sequence[str]] = lambda _: ()


def quarantined(repository: StreamRepository, position: int) -> Quarantine:
    """Load the quarantined body at a position; raises UnknownQuarantined."""
    known = 0 < position < 2**63
    stored = repository.store.select_notifications(position, 1, position) if known else []
    if not stored or stored[0].topic != Quarantine.Held.TOPIC:
        raise UnknownQuarantined(f"nothing is quarantined under {position}")
    return repository.load(Quarantine, str(stored[0].originator_id))


def release(
    ledger: CausedLedger, positions: Sequence[int], decision: Release
) -> list[list[Outcome] | Refusal]:
    """Read held deliveries again and record them, in one transaction.

    Returns an outcome for each envelope of each delivery, or why it is still held: UnknownQuarantined,
    QuarantineClosed, StillRefused, or WouldReplace when it conflicts with a recorded envelope.
    """
    return _each(
        ledger,
        positions,
        lambda repository, position: _release(repository, position, decision),
    )


def discard(
    ledger: CausedLedger, positions: Sequence[int], *, now: datetime
) -> list[Refusal | None]:
    """Discard held deliveries, in one transaction.

    Returns None for each, or why it could not be: UnknownQuarantined, QuarantineClosed.
    """

    def discard_one(repository: StreamRepository, position: int) -> None:
        quarantine = quarantined(repository, position)
        quarantine.discard(now=now)
        repository.save_aggregates(quarantine)

    return _each(ledger, positions, discard_one)


def _each(
    ledger: CausedLedger, positions: Sequence[int], treat: Callable[[StreamRepository, int], T]
) -> list[T | Refusal]:
    """Treat deliveries in one transaction; a refused one must have saved nothing."""

    def attempt(repository: StreamRepository, position: int) -> T | Refusal:
        try:
            return treat(repository, position)
        except Refusal as refusal:
            return refusal

    return ledger.run_in_transaction(
        lambda repository: [attempt(repository, position) for position in positions]
    )


def _release(repository: StreamRepository, position: int, decision: Release) -> list[Outcome]:
    quarantine = quarantined(repository, position)
    held = quarantine.release(now=decision.now)
    messages, batch = decision.read(held.delivery())
    if batch and held.batch is not None:
        raise StillRefused("it is still invalid: an event in an array is an object")
    streams = ReleaseHandler.streams_of(held.delivery(), messages, batch=batch)
    handler = ReleaseHandler(
        held,
        repository.stream_versions(streams),
        repository.history,
        decision.now,
        batch=batch,
        ignored=decision.ignored(held.source),
        replace=decision.replace,
    )
    return save_outcomes(repository, handler, messages, quarantine.collect_events())
