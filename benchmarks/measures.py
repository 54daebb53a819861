"""Measurements of rates, and ratios of two measurements with a target."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.load import Load


@dataclass(frozen=True)
class Profile:
    """The length of a run and the size of its stores."""

    rounds: int
    seconds: int
    stored_events: int
    decoded_events: int


FULL = Profile(rounds=3, seconds=4, stored_events=5_000_000, decoded_events=200_000)
QUICK = Profile(rounds=1, seconds=2, stored_events=40_000, decoded_events=20_000)


@dataclass(frozen=True)
class Measurement:
    """One side of a ratio: the rate of each run, in `unit`, and latencies in ms if there are any."""

    label: str
    unit: str
    rates: list[float]
    p50: float | None = None
    p99: float | None = None

    @property
    def rate(self) -> float:
        """Return the median of the rates."""
        return median(self.rates)


@dataclass(frozen=True)
class Ratio:
    """A measurement relative to a baseline, its target, and the problems that make it void."""

    name: str
    measured: Measurement
    baseline: Measurement
    target: float | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def value(self) -> float:
        """Return the median of the ratios of the turns, or the ratio of the medians without turns."""
        rates, baseline = self.measured.rates, self.baseline.rates
        if len(rates) == len(baseline):
            return median(rate / base for rate, base in zip(rates, baseline, strict=True))
        return self.measured.rate / self.baseline.rate

    @property
    def verdict(self) -> str:
        """Return `met`, `MISSED` or `void`, or nothing without a target."""
        if self.problems:
            return "void"
        if self.target is None:
            return ""
        return "met" if self.value >= self.target else "MISSED"


class LoadRuns:
    """Collect the runs of each kind of load, and their problems."""

    def __init__(self) -> None:
        self.loads: dict[str, list[Load]] = defaultdict(list)
        self.problems: dict[str, list[str]] = defaultdict(list)

    def add(self, kind: str, load: Load, problems: list[str]) -> None:
        """Add one run."""
        self.loads[kind].append(load)
        self.problems[kind] += problems


def measurement(
    label: str, loads: Sequence[Load], *, size: int = 1, unit: str = "requests/s"
) -> Measurement:
    """Summarize runs of wrk in which each request carried `size` of the counted units."""
    return Measurement(
        label,
        unit,
        [load.rate * size for load in loads],
        median(load.p50 for load in loads),
        median(load.p99 for load in loads),
    )
