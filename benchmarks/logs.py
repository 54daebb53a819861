"""The rows about a log without a server: carrying it into the projections, reading it whole."""

import time
from pathlib import Path

from eventsourcing.application import Application

from benchmarks import memory, servers, stock
from benchmarks.measures import Pace, Row, Side
from benchmarks.memory import Peak
from benchmarks.places import PATIENCE_SECONDS, Place, until

REPEATS = 3


def project(place: Place) -> tuple[float, Peak]:
    """Let `kitledger project` carry a log from zero; return events a second, and its peak.

    The clock starts with the first batch, since starting Python is not projecting.
    """
    head = place.parts.ledger.store.max_notification_id()
    with servers.projector(place) as pid:
        until(lambda: place.projected() > 0, PATIENCE_SECONDS)
        first, started = place.projected(), time.perf_counter()
        place.finish_batch()
        seconds = time.perf_counter() - started
        peak = memory.of_process("projector", pid, f"projecting {head:,} events")
    return (head - first) / seconds, peak


def projector_row(store: str, rate: float, single: Side, events_each: int = 2) -> Row:
    """Compare with the rate at which single webhooks are taken in, both in stored events."""
    measured = Side("projector alone, from zero", "stored events/s", [rate])
    rates = [each * events_each for each in single.rates]
    return Row(
        f"{store}: stored events: projector / single webhooks",
        measured,
        Side("single webhooks", "stored events/s", rates, single.p50, single.p99),
        target=5.0,
    )


def decode_row(place: Place, folder: Path, pace: Pace) -> Row:
    """Read and decode the same log in our file and in the stock one, in turns."""
    ledger = place.parts.ledger
    copied = stock.copy(ledger, folder / "stock.db", pace.log)
    ours, theirs = [], []
    try:
        for _ in range(REPEATS):
            theirs.append(_decoded_a_second(copied, pace.log))
            ours.append(_decoded_a_second(ledger, pace.log))
    finally:
        copied.close()
    return Row(
        f"read and decode {pace.log:,} events / stock",
        Side("our store", "stored events/s", ours),
        Side("stock recorder and transcoder", "stored events/s", theirs),
        target=2.0,
    )


def _decoded_a_second(application: Application[str], amount: int) -> float:
    started, decoded = time.perf_counter(), 0
    for page in stock.pages(application, amount):
        for stored in page:
            application.mapper.to_domain_event(stored)
        decoded += len(page)
    if decoded != amount:
        raise AssertionError(f"{decoded} of {amount} events were there")
    return decoded / (time.perf_counter() - started)
