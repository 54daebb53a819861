"""The table on the screen, and the same in a file."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from chaos.row import Row, log_of

COLUMNS = ("503", "cut", "acknowledged", "found", "doubled", "lost", "seconds to recover")
WIDTH = 120


def show(rows: Sequence[Row]) -> None:
    """Print a line for each row, and below what is wrong or was skipped."""
    console = Console()
    console.width = max(console.width, WIDTH)
    table = Table(
        box=box.SIMPLE, title="Faults under load; 503 and cut count requests, the others events"
    )
    for name in ("fault", "store", *COLUMNS, ""):
        table.add_column(name, justify="right" if name in COLUMNS else "left", no_wrap=True)
    for row in rows:
        table.add_row(row.fault, row.store, *_cells(row))
    console.print(table)
    for line in remarks(rows):
        console.print(line, highlight=False, markup=False)


def remarks(rows: Sequence[Row]) -> list[str]:
    """Say why rows failed or were skipped, and what a sender may wonder about."""
    found = []
    for row in rows:
        name = f"{row.fault} on {row.store}"
        if row.skipped:
            found.append(f"skipped: {name}: {row.skipped}")
        if row.kept_though_refused:
            found.append(f"{name}: {row.kept_though_refused} events were kept, though answered 503")
        if row.verdict is not None:
            found += [f"FAILED: {name}: {flaw}" for flaw in row.verdict.flaws]
            if not row.good:
                found.append(f"{name}: see {log_of(row.fault, row.store)}")
    return found


def write(rows: Sequence[Row], file: Path, seconds: float) -> None:
    """Write the rows, and on what machine they were."""
    content = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processors": len(os.sched_getaffinity(0)),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "seconds": round(seconds, 1),
        "rows": [{**asdict(row), "good": row.good} for row in rows],
    }
    file.write_text(json.dumps(content, indent=2) + "\n")


def _cells(row: Row) -> list[str]:
    if row.verdict is None:
        return [*[""] * len(COLUMNS), "[yellow]skipped[/]"]
    told, found = row.verdict.acknowledged, row.verdict.found
    counts = [row.refusals, row.cuts, told, found, row.verdict.doubled, row.verdict.lost]
    seconds = "never" if row.recovered is None else f"{row.recovered:.1f}"
    said = "[green]ok[/]" if row.good else "[bold red]FAILED[/]"
    return [*(f"{count:,}" for count in counts), seconds, said]
