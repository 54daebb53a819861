"""Measure every ratio in one run, print the results and write them to results.json (make bench)."""

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from benchmarks import (
    auditing,
    event_log,
    feed,
    load,
    memory,
    postgresql,
    prefill,
    registrations,
    report,
    scale,
    servers,
    store_kinds,
    transparency,
    two_servers,
    webhooks,
)
from benchmarks.load import LoadFailed
from benchmarks.measures import FULL, QUICK, Profile, Ratio
from benchmarks.memory import Peak
from benchmarks.store_kinds import StoreKind
from benchmarks.store_under_test import StoreUnderTest, make_store
from benchmarks.waiting import TimedOut

console = Console(stderr=True)


def main() -> int:
    """Run the benchmarks; a missed target is marked, but is not an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short runs, small stores")
    profile = QUICK if parser.parse_args().quick else FULL
    load_average = os.getloadavg()[0]
    # SIGTERM raises SystemExit, so that the context managers end what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        load.require_wrk()
        if load_average > 1.0:
            console.print(f"this machine is busy (load {load_average:.1f}), so rates are lower")
        with tempfile.TemporaryDirectory(prefix="kitledger-bench-") as folder:
            ratios, peaks = measure(Path(folder), profile)
    except (LoadFailed, TimedOut) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    peaks = memory.highest(peaks)
    report.show(ratios, peaks)
    report.write(ratios, peaks, profile, load_average)
    return 0


def measure(folder: Path, profile: Profile) -> tuple[list[Ratio], list[Peak]]:
    """Measure all ratios, one after another."""
    console.print("webhooks and reads, beside the reference")
    ratios, peaks = _webhooks_and_reads(folder, profile)
    files = store_kinds.sqlite(folder)
    filled, rate, peak = _fill_and_project(files, profile)
    ratios.append(event_log.projector_ratio(files.name, rate, ratios[0].measured))
    reconciled, reconcile_peak = event_log.reconcile_ratio(filled, files.name, rate)
    ratios.append(reconciled)
    console.print("reading and decoding the log")
    ratios.append(event_log.decode_ratio(filled, folder, profile))
    console.print("the transparency log")
    ratios += transparency.ratios(filled, files, profile, ratios[0].measured)
    at_scale, scale_peaks = _scale(files, filled, profile)
    console.print("registrations")
    registered, registration_peaks = registrations.measure(folder, profile)
    console.print("streams of the feed")
    followed, feed_peaks = feed.measure(folder, profile)
    on_postgres, postgres_peaks = _postgres(folder, profile)
    return (
        [*ratios, *at_scale, *registered, *followed, *on_postgres],
        [
            *peaks,
            peak,
            reconcile_peak,
            *scale_peaks,
            *registration_peaks,
            *feed_peaks,
            *postgres_peaks,
        ],
    )


def _postgres(folder: Path, profile: Profile) -> tuple[list[Ratio], list[Peak]]:
    console.print("PostgreSQL: webhooks beside the reference and the stock recorder")
    with store_kinds.postgres(folder) as kind:
        ratios = postgresql.webhook_ratios(kind, folder, profile)
        ratios.append(two_servers.measure(kind, profile))
        single = ratios[0].measured
        filled, rate, peak = _fill_and_project(kind, profile)
        ratios.append(postgresql.follower_ratio(filled, kind.name, single))
        ratios.append(event_log.projector_ratio(kind.name, rate, single))
        reconciled, reconcile_peak = event_log.reconcile_ratio(filled, kind.name, rate)
        ratios += transparency.ratios(filled, kind, profile, single)
        at_scale, peaks = _scale(kind, filled, profile)
    return [*ratios, reconciled, *at_scale], [peak, reconcile_peak, *peaks]


def _fill_and_project(kind: StoreKind, profile: Profile) -> tuple[StoreUnderTest, float, Peak]:
    console.print(f"{kind.name}: storing {profile.stored_events:,} events, and projecting them")
    filled = kind.make("filled")
    prefill.store_kits(filled, profile.stored_events // 2)
    return filled, *event_log.measure_projection(filled)


def _scale(
    kind: StoreKind, filled: StoreUnderTest, profile: Profile
) -> tuple[list[Ratio], list[Peak]]:
    console.print(f"{kind.name}: webhooks into the filled store, and long lists")
    ratio, peaks = scale.ingest_ratio(filled, kind, profile)
    lists = scale.list_ratios(filled, kind, profile)
    console.print(f"{kind.name}: reads of auditors")
    return [ratio, *lists, *auditing.ratios(filled, kind, profile)], peaks


def _webhooks_and_reads(folder: Path, profile: Profile) -> tuple[list[Ratio], list[Peak]]:
    store = make_store(folder / "main")
    with (
        servers.service(store) as server,
        servers.reference(folder / "reference.log") as reference,
    ):
        runs = webhooks.measure(server, reference, profile)
        peaks = memory.of_server(server.pid, "webhooks and reads")
    return webhooks.ratios(runs), peaks


if __name__ == "__main__":
    sys.exit(main())
