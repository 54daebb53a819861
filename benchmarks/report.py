"""The results as tables on the terminal and in benchmarks/results.json."""

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

from benchmarks.measures import Measurement, Profile, Ratio
from benchmarks.memory import LIMIT_MIB, Peak

RESULTS = Path(__file__).with_name("results.json")
COLOURS = {"met": "green", "MISSED": "bold red", "void": "bold magenta", "": "default"}
WIDTH = 130


def show(ratios: Sequence[Ratio], peaks: Sequence[Peak]) -> None:
    """Print the ratios, the peaks, and why ratios are void."""
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(_ratio_table(ratios))
    console.print(_memory_table(peaks))
    for ratio in ratios:
        for problem in ratio.problems:
            console.print(f"void: {ratio.name}: {problem}", highlight=False)


def write(
    ratios: Sequence[Ratio], peaks: Sequence[Peak], profile: Profile, load_average: float
) -> None:
    """Write the results with a description of the machine and its load before the run."""
    measured = [
        {**asdict(each), "ratio": each.value, "verdict": each.verdict, "rates": _rates(each)}
        for each in ratios
    ]
    content = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {**_machine(), "load average at the start": load_average},
        "profile": asdict(profile),
        "ratios": measured,
        "memory": [{**asdict(peak), "verdict": peak.verdict} for peak in peaks],
    }
    RESULTS.write_text(json.dumps(_rounded(content), indent=2) + "\n")


def _ratio_table(ratios: Sequence[Ratio]) -> Table:
    table = Table(box=box.SIMPLE, title="Ratios of rates a second; latencies in ms")
    for name in ("", "ratio", "target", "", "measured", "p50", "p99", "baseline", "p50", "p99"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for ratio in ratios:
        target = "" if ratio.target is None else f">= {ratio.target:g}"
        sides = [*_cells(ratio.measured), *_cells(ratio.baseline)]
        table.add_row(ratio.name, f"{ratio.value:.2f}", target, _coloured(ratio.verdict), *sides)
    return table


def _memory_table(peaks: Sequence[Peak]) -> Table:
    table = Table(box=box.SIMPLE, title="Peak memory in MiB")
    for name in ("", "peak", "limit", "", "during"):
        table.add_column(name, justify="left" if name in {"", "during"} else "right")
    for peak in peaks:
        verdict = _coloured(peak.verdict)
        table.add_row(peak.process, f"{peak.mib:.0f}", f"<= {LIMIT_MIB:g}", verdict, peak.during)
    return table


def _cells(side: Measurement) -> list[str]:
    latencies = (side.p50, side.p99)
    return [f"{side.rate:,.0f}", *("-" if each is None else f"{each:.1f}" for each in latencies)]


def _coloured(verdict: str) -> str:
    return f"[{COLOURS[verdict]}]{verdict}[/]"


def _rates(ratio: Ratio) -> dict[str, float]:
    return {"measured": ratio.measured.rate, "baseline": ratio.baseline.rate}


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
