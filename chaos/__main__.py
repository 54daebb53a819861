"""Inject every fault into the service under load, and check what became of every event (make chaos)."""

import argparse
import signal
import sys
import time
from pathlib import Path

from rich.console import Console

from chaos import report
from chaos.experiment import Result, run_experiment
from chaos.fault import STORES
from chaos.faults import FAULTS
from chaos.store_factory import StoreFactory

console = Console(stderr=True)


def main() -> int:
    """Run the selected experiments; return 1 when any of them failed."""
    selected = argument_parser().parse_args()
    started = time.monotonic()
    # SIGTERM raises SystemExit, so that the context managers end what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    results: list[Result] = []
    with StoreFactory() as stores:
        for fault in FAULTS:
            for store in fault.stores:
                if store in selected.store and fault.name in selected.fault:
                    console.print(f"{fault.name}, {store}", highlight=False)
                    results.append(run_experiment(fault(), store, stores))
    report.show(results)
    if selected.json is not None:
        report.write(results, selected.json, time.monotonic() - started)
    return 0 if all(result.passed for result in results) else 1


def argument_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--store", choices=STORES, nargs="+", default=STORES)
    parser.add_argument(
        "--fault", choices=names, nargs="+", default=names, metavar="NAME", help=", ".join(names)
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to FILE")
    return parser


if __name__ == "__main__":
    sys.exit(main())
