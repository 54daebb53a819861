"""The results as a table on the terminal and as a JSON file."""

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

from chaos.experiment import Result, server_log

TITLE = "Faults under load; 503 and broken count requests, the others events"
COLUMNS = ("503", "broken", "acknowledged", "found", "duplicated", "lost", "seconds to recover")
WIDTH = 120


def show(results: Sequence[Result]) -> None:
    """Print a row for each result, then the problems and the reasons for skipping."""
    console = Console()
    console.width = max(console.width, WIDTH)
    table = Table(box=box.SIMPLE, title=TITLE)
    for name in ("fault", "store", *COLUMNS, ""):
        table.add_column(name, justify="right" if name in COLUMNS else "left", no_wrap=True)
    for result in results:
        table.add_row(result.fault, result.store, *_cells(result))
    console.print(table)
    for line in remarks(results):
        console.print(line, highlight=False, markup=False)


def remarks(results: Sequence[Result]) -> list[str]:
    """Return why experiments failed or were skipped, and which events were stored despite a 503."""
    lines = []
    for result in results:
        name = f"{result.fault} on {result.store}"
        if result.skipped:
            lines.append(f"skipped: {name}: {result.skipped}")
        if result.stored_despite_503:
            lines.append(f"{name}: {result.stored_despite_503} events were stored despite a 503")
        if result.verdict is not None:
            lines += [f"FAILED: {name}: {problem}" for problem in result.verdict.problems]
            if not result.passed:
                lines.append(f"{name}: see {server_log(result.fault, result.store)}")
    return lines


def write(results: Sequence[Result], file: Path, seconds: float) -> None:
    """Write the results and a description of the machine."""
    content = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processors": len(os.sched_getaffinity(0)),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "seconds": round(seconds, 1),
        "results": [{**asdict(result), "passed": result.passed} for result in results],
    }
    file.write_text(json.dumps(content, indent=2) + "\n")


def _cells(result: Result) -> list[str]:
    verdict = result.verdict
    if verdict is None:
        return [*[""] * len(COLUMNS), "[yellow]skipped[/]"]
    requests = [result.refused_requests, result.broken_requests]
    events = [verdict.acknowledged, verdict.found, verdict.duplicated, verdict.lost]
    seconds = "never" if result.recovery_seconds is None else f"{result.recovery_seconds:.1f}"
    outcome = "[green]ok[/]" if result.passed else "[bold red]FAILED[/]"
    return [*(f"{count:,}" for count in [*requests, *events]), seconds, outcome]
