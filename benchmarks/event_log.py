"""The ratios about the event log without HTTP: projecting it, and reading and decoding it."""

import os
import subprocess
import sys
import time
from pathlib import Path

from eventsourcing.application import Application

from benchmarks import memory, servers, stock_log
from benchmarks.measures import Measurement, Profile, Ratio
from benchmarks.memory import Peak
from benchmarks.store_under_test import PROJECTION_SECONDS, StoreUnderTest
from benchmarks.waiting import wait_until

REPEATS = 3


def measure_projection(store: StoreUnderTest) -> tuple[float, Peak]:
    """Run `kitledger project` on a whole log; return its events a second and its peak memory.

    The measurement starts after the first batch, to leave out the start of Python.
    """
    head = store.head()
    with servers.projector(store) as pid:
        wait_until(lambda: store.projected_position() > 0, PROJECTION_SECONDS)
        first, started = store.projected_position(), time.perf_counter()
        store.wait_until_projected()
        seconds = time.perf_counter() - started
        peak = memory.of_process("projector", pid, f"projecting {head:,} events")
    return (head - first) / seconds, peak


def reconcile_ratio(store: StoreUnderTest, name: str, projector: float) -> tuple[Ratio, Peak]:
    """Run `kitledger audit reconcile` on a projected log, and compare it with the projector."""
    head, started = store.head(), time.perf_counter()
    command = [sys.executable, "-m", "receiver", "audit", "reconcile"]
    process = subprocess.Popen(command, env=store.environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    ratio = Ratio(
        f"{name}: stored events: reconcile / projector",
        Measurement("reconcile", "stored events/s", [head / (time.perf_counter() - started)]),
        Measurement("projector alone, from zero", "stored events/s", [projector]),
        target=1.0,
        problems=[f"it ended with status {process.returncode}"] if process.returncode else [],
    )
    return ratio, Peak("reconcile", f"reconciling {head:,} events", usage.ru_maxrss / 1024)


def projector_ratio(
    store: str, rate: float, single: Measurement, events_per_webhook: int = 2
) -> Ratio:
    """Compare the projector with the ingest of single webhooks, both in stored events."""
    measured = Measurement("projector alone, from zero", "stored events/s", [rate])
    rates = [each * events_per_webhook for each in single.rates]
    return Ratio(
        f"{store}: stored events: projector / single webhooks",
        measured,
        Measurement("single webhooks", "stored events/s", rates, single.p50, single.p99),
        target=5.0,
    )


def decode_ratio(store: StoreUnderTest, folder: Path, profile: Profile) -> Ratio:
    """Read and decode the same log from our store and from the stock one, in turns."""
    ledger, amount = store.services.ledger, profile.decoded_events
    stock = stock_log.copy(ledger, folder / "stock.db", amount)
    our_rates, stock_rates = [], []
    try:
        for _ in range(REPEATS):
            stock_rates.append(_decoded_per_second(stock, amount))
            our_rates.append(_decoded_per_second(ledger, amount))
    finally:
        stock.close()
    return Ratio(
        f"read and decode {amount:,} events / stock",
        Measurement("our store", "stored events/s", our_rates),
        Measurement("stock recorder and transcoder", "stored events/s", stock_rates),
        target=2.0,
    )


def _decoded_per_second(application: Application[str], amount: int) -> float:
    started, decoded = time.perf_counter(), 0
    for page in stock_log.pages(application, amount):
        for stored in page:
            application.mapper.to_domain_event(stored)
        decoded += len(page)
    if decoded != amount:
        raise AssertionError(f"the log has {decoded} events, not {amount}")
    return decoded / (time.perf_counter() - started)
