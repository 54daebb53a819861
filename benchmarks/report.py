"""The table on the screen, and the same in benchmarks/results.json."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.measures import Pace, Row, Side
from benchmarks.memory import LIMIT_MIB, Peak

RESULTS = Path(__file__).with_name("results.json")
COLOURS = {"met": "green", "MISSED": "bold red", "void": "bold magenta", "": "default"}
WIDTH = 130


def show(rows: Sequence[Row], peaks: Sequence[Peak]) -> None:
    """Print the ratios, the peaks, and why a row is void."""
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(_ratios(rows))
    console.print(_memory(peaks))
    for row in rows:
        for flaw in row.flaws:
            console.print(f"void: {row.name}: {flaw}", highlight=False)


def write(rows: Sequence[Row], peaks: Sequence[Peak], pace: Pace, busy: float) -> None:
    """Write what was measured, on what machine, and how busy that was before."""
    measured = [
        {**asdict(row), "ratio": row.ratio, "verdict": row.verdict, "rates": _rates(row)}
        for row in rows
    ]
    content = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {**_machine(), "load average at the start": busy},
        "pace": asdict(pace),
        "rows": measured,
        "memory": [{**asdict(peak), "verdict": peak.verdict} for peak in peaks],
    }
    RESULTS.write_text(json.dumps(_rounded(content), indent=2) + "\n")


def _ratios(rows: Sequence[Row]) -> Table:
    table = Table(box=box.SIMPLE, title="Ratios of rates a second; latencies in ms")
    for name in ("", "ratio", "asked", "", "measured", "p50", "p99", "against", "p50", "p99"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for row in rows:
        asked = "" if row.target is None else f">= {row.target:g}"
        sides = [*_cells(row.measured), *_cells(row.against)]
        table.add_row(row.name, f"{row.ratio:.2f}", asked, _coloured(row.verdict), *sides)
    return table


def _memory(peaks: Sequence[Peak]) -> Table:
    table = Table(box=box.SIMPLE, title="Peak memory in MiB")
    for name in ("", "peak", "asked", "", "while"):
        table.add_column(name, justify="left" if name in {"", "while"} else "right")
    for peak in peaks:
        verdict = _coloured(peak.verdict)
        table.add_row(peak.process, f"{peak.mib:.0f}", f"<= {LIMIT_MIB:g}", verdict, peak.during)
    return table


def _cells(side: Side) -> list[str]:
    latencies = (side.p50, side.p99)
    return [f"{side.rate:,.0f}", *("-" if each is None else f"{each:.1f}" for each in latencies)]


def _coloured(verdict: str) -> str:
    return f"[{COLOURS[verdict]}]{verdict}[/]"


def _rates(row: Row) -> dict[str, float]:
    return {"measured": row.measured.rate, "against": row.against.rate}


def _machine() -> dict[str, Any]:
    wrk = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    return {
        "processors": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load generator": wrk.stdout.partition(" Copyright")[0],
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return round(value, 3) if isinstance(value, float) else value
