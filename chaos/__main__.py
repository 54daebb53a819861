"""make chaos: let every fault loose on the service under load, and account for every event."""

import argparse
import signal
import sys
import time
from pathlib import Path

from rich.console import Console

from chaos import report
from chaos.fault import STORES
from chaos.faults import FAULTS
from chaos.places import Places
from chaos.row import Row, run

console = Console(stderr=True)


def main() -> int:
    """Run the rows that are asked for; 1 when any went wrong."""
    wanted = arguments().parse_args()
    started = time.monotonic()
    # What was started is ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    rows: list[Row] = []
    with Places() as places:
        for fault in FAULTS:
            for store in fault.stores:
                if store in wanted.store and fault.name in wanted.fault:
                    console.print(f"{fault.name}, {store}", highlight=False)
                    rows.append(run(fault(), store, places))
    report.show(rows)
    if wanted.json is not None:
        report.write(rows, wanted.json, time.monotonic() - started)
    return 0 if all(row.good for row in rows) else 1


def arguments() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--store", choices=STORES, nargs="+", default=STORES)
    parser.add_argument(
        "--fault", choices=names, nargs="+", default=names, metavar="NAME", help=", ".join(names)
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
