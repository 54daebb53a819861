"""make bench: measure everything in one run, print it, and write it down."""

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from benchmarks import depth, load, logs, memory, prefill, registrations, report, servers, webhooks
from benchmarks.load import LoadFailed
from benchmarks.measures import FULL, QUICK, Pace, Row
from benchmarks.memory import Peak
from benchmarks.places import WaitedInVain, make_place

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
    single = rows[0].measured
    console.print(f"storing {pace.deep:,} events, and projecting them")
    deep = make_place(folder / "deep")
    prefill.kits(deep, pace.deep // 2)
    rate, peak = logs.project(deep)
    rows.append(logs.projector_row(rate, single))
    console.print("reading and decoding the log")
    rows.append(logs.decode_row(deep, folder, pace))
    console.print("webhooks into the full store")
    row, more = depth.ingest_row(deep, folder, pace)
    rows.append(row)
    console.print("long lists")
    rows += depth.list_rows(deep, folder, pace)
    console.print("registrations")
    registered, most = registrations.measure(folder, pace)
    return [*rows, *registered], [*peaks, peak, *more, *most]


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
