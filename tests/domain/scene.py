"""What the tests of the ledger share: a ledger in a real database, and what sources send to it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from domain.aggregate import Event
from domain.aggregates.kit import Kit
from domain.aggregates.report import Report
from domain.errors import Refusal
from domain.ledger import Ledger
from domain.messages import InvalidEnvelope, Message, Outcome
from domain.observation import CurrentStatus
from domain.receipt import VerifiedDelivery
from domain.use_cases import deliveries, quarantine
from receiver import envelopes
from store.unit_of_work import UnitOfWork
from tests.harness.ledgers import Recorder, recorder_of

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def envelope(event_id: int, event_type: str, data: Any, **others: Any) -> dict[str, Any]:
    """Say what a source wraps around its data."""
    return {"id": event_id, "type": event_type, "data": data, **others}


def kit(event_id: int, barcode: str, status: str, **said: Any) -> dict[str, Any]:
    """Say how a kit stands; `created_at` belongs to the envelope, the rest to the kit."""
    others = {"created_at": said.pop("created_at")} if "created_at" in said else {}
    told = {"barcode": barcode, "status": status, **said}
    return envelope(event_id, "kit.updated", {"kit": told}, **others)


def report(event_id: int, report_id: int, status: str, **said: Any) -> dict[str, Any]:
    """Say how a report stands."""
    return envelope(
        event_id, "report.updated", {"report": {"id": report_id, "status": status, **said}}
    )


def encoded(said: Any) -> bytes:
    """Return bytes as they are, and anything else as JSON."""
    return said if isinstance(said, bytes) else json.dumps(said).encode()


def nested(event_id: int, levels: int) -> bytes:
    """Say something that is nested so deeply."""
    lists = b"[" * levels + b"]" * levels
    return b'{"id": %d, "type": "t", "data": {"a": %s}}' % (event_id, lists)


def deepest(event_id: int) -> bytes:
    """Say something that is nested almost as deeply as is taken, if the program's own stack is the limit."""
    taken, refused = 1, 100_000
    while refused - taken > 1:
        levels = (taken + refused) // 2
        [read], _ = envelopes.read(nested(event_id, levels))
        taken, refused = (taken, levels) if isinstance(read, InvalidEnvelope) else (levels, refused)
    return nested(event_id, taken - 10)


def verified(body: bytes, source: str = "lab", at: datetime = NOON) -> VerifiedDelivery:
    """Wrap a body as it leaves the check of its signature."""
    return VerifiedDelivery(source, "key-1", at, "msg_1", "1767614400", "v1,c2lnbmVk", body)


def send(ledger: Ledger, said: Any, *, source: str = "lab", at: datetime = NOON) -> list[Outcome]:
    """Let a source send one body; return what became of each envelope."""
    body = encoded(said)
    read, batch = envelopes.read(body)
    return deliveries.receive(ledger, verified(body, source, at), read, batch=batch)


def release_one(
    ledger: Ledger,
    position: int,
    read: Callable[[bytes], tuple[list[Message | InvalidEnvelope], bool]],
    **decision: Any,
) -> list[Outcome]:
    """Release one held delivery, whose body is read so; raise why it is refused."""
    decided = quarantine.Release(read=lambda delivery: read(delivery.body), **decision)
    [result] = quarantine.release(ledger, [position], decided)
    if isinstance(result, Refusal):
        raise result
    return result


def history(ledger: Ledger, after: int = 0) -> list[Event]:
    """Return every event after a position, in the order in which they were recorded."""
    stored = recorder_of(ledger).select_notifications(after + 1, 10**9)
    return [ledger.streams.decode(each) for each in stored]


def kit_status(ledger: Ledger, barcode: str) -> CurrentStatus | None:
    """Return how a kit stands by its own events."""
    return ledger.streams.load(Kit, Kit.create_id(barcode)).current_status()


def report_status(ledger: Ledger, report_id: int) -> CurrentStatus | None:
    """Return how a report stands by its own events."""
    return ledger.streams.load(Report, Report.create_id(report_id)).current_status()


class Scene:
    """Given some deliveries, when something is asked of the ledger, then these are its news."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._given = 0

    def given(self, *said: Any, source: str = "lab") -> list[Outcome]:
        """Receive what came before the story begins."""
        outcomes = [outcome for each in said for outcome in self.send(each, source=source)]
        self._given = self.ledger.store.max_notification_id()
        return outcomes

    def send(self, said: Any, *, source: str = "lab", at: datetime = NOON) -> list[Outcome]:
        """Let a source send one body."""
        return send(self.ledger, said, source=source, at=at)

    def release(self, held: Outcome, *, replace: bool = False) -> list[Outcome]:
        """Release what this outcome says is held, an hour after it came."""
        assert held.quarantine is not None
        return release_one(
            self.ledger,
            held.quarantine,
            envelopes.read,
            now=NOON + timedelta(hours=1),
            replace=replace,
        )

    def discard(self, held: Outcome) -> None:
        """Discard what this outcome says is held."""
        assert held.quarantine is not None
        [refusal] = quarantine.discard(self.ledger, [held.quarantine], now=NOON)
        if refusal is not None:
            raise refusal

    @property
    def news(self) -> list[Event]:
        """Return what was recorded since the story began."""
        return history(self.ledger, self._given)

    @property
    def topics(self) -> list[str]:
        """Return the topics of the news."""
        return [event.TOPIC for event in self.news]


class Competitor:
    """Another process that writes just before this one does: real writes, at one of the store's seams.

    `compete` is called before each call of the recorder's method of this name, and of that of its
    units of work, up to `times`, and does what it likes on a ledger of its own; then the real method
    goes on.
    """

    def __init__(
        self, ledger: Ledger, method: str, compete: Callable[[int], object], times: int
    ) -> None:
        self.rounds = 0
        self._method = method
        self._compete = compete
        self._times = times
        self._recorder = recorder_of(ledger)
        self._run = self._recorder.run_in_transaction

    def enter(self, patch: pytest.MonkeyPatch) -> None:
        """Stand in the way of the recorder."""
        if self._method != "run_in_transaction":
            patch.setattr(self._recorder, "run_in_transaction", self._run_in_transaction)
        patch.setattr(self._recorder, self._method, self._before(self._recorder))

    def _run_in_transaction(self, work: Callable[[UnitOfWork], Any], *streams: Any) -> Any:
        def in_the_way(transaction: UnitOfWork) -> Any:
            setattr(transaction, self._method, self._before(transaction))
            return work(transaction)

        return self._run(in_the_way, *streams)

    def _before(self, store: Recorder | UnitOfWork) -> Callable[..., Any]:
        real = partial(getattr(type(store), self._method), store)

        def write_first(*arguments: Any) -> Any:
            if self.rounds < self._times:
                self.rounds += 1
                self._compete(self.rounds)
            return real(*arguments)

        return write_first
