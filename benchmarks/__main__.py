"""make bench: measure everything in one run, print it, and write it down."""

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from benchmarks import (
    depth,
    load,
    logs,
    memory,
    prefill,
    registrations,
    report,
    servers,
    shared,
    stores,
    webhooks,
)
from benchmarks.load import LoadFailed
from benchmarks.measures import FULL, QUICK, Pace, Row
from benchmarks.memory import Peak
from benchmarks.places import Place, WaitedInVain, make_place
from benchmarks.stores import Store

console = Console(stderr=True)


def main() -> int:
    """Run the benchmarks; a missed target is marked, and no failure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short runs, small stores")
    pace = QUICK if parser.parse_args().quick else FULL
    busy = os.getloadavg()[0]
    # What was started is ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        load.require_wrk()
        if busy > 1.0:
            console.print(f"others keep this machine busy (load {busy:.1f}): the numbers suffer")
        with tempfile.TemporaryDirectory(prefix="kitledger-bench-") as folder:
            rows, peaks = measure(Path(folder), pace)
    except (LoadFailed, WaitedInVain) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    peaks = memory.worst(peaks)
    report.show(rows, peaks)
    report.write(rows, peaks, pace, busy)
    return 0


def measure(folder: Path, pace: Pace) -> tuple[list[Row], list[Peak]]:
    """Measure every row, one after another."""
    console.print("webhooks and reads, beside the reference")
    rows, peaks = _under_load(folder, pace)
    files = stores.sqlite(folder)
    deep, rate, peak = _deep(files, pace)
    rows.append(logs.projector_row(files.name, rate, rows[0].measured))
    console.print("reading and decoding the log")
    rows.append(logs.decode_row(deep, folder, pace))
    more, most = _size(files, deep, pace)
    console.print("registrations")
    registered, highest = registrations.measure(folder, pace)
    on_postgres, widest = _postgres(folder, pace)
    return [*rows, *more, *registered, *on_postgres], [*peaks, peak, *most, *highest, *widest]


def _postgres(folder: Path, pace: Pace) -> tuple[list[Row], list[Peak]]:
    console.print("PostgreSQL: webhooks beside the reference and the stock recorder")
    with stores.postgres(folder) as store:
        rows = [*shared.webhook_rows(store, folder, pace), shared.second_row(store, pace)]
        single = rows[0].measured
        deep, rate, peak = _deep(store, pace)
        rows.append(shared.follower_row(deep, store.name, single))
        rows.append(logs.projector_row(store.name, rate, single))
        more, most = _size(store, deep, pace)
    return [*rows, *more], [peak, *most]


def _deep(store: Store, pace: Pace) -> tuple[Place, float, Peak]:
    console.print(f"{store.name}: storing {pace.deep:,} events, and projecting them")
    deep = store.make("deep")
    prefill.kits(deep, pace.deep // 2)
    return deep, *logs.project(deep)


def _size(store: Store, deep: Place, pace: Pace) -> tuple[list[Row], list[Peak]]:
    console.print(f"{store.name}: webhooks into the full store, and long lists")
    row, peaks = depth.ingest_row(deep, store, pace)
    return [row, *depth.list_rows(deep, store, pace)], peaks


def _under_load(folder: Path, pace: Pace) -> tuple[list[Row], list[Peak]]:
    place = make_place(folder / "main")
    with (
        servers.service(place) as server,
        servers.reference(folder / "reference.log") as reference,
    ):
        runs = webhooks.measure(server, reference, pace)
        peaks = memory.of_server(server.pid, "webhooks and reads")
    return webhooks.rows(runs), peaks


if __name__ == "__main__":
    sys.exit(main())
