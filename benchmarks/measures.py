"""What was measured: rates on two sides, the ratio between them, and whether it is enough."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.load import Load


@dataclass(frozen=True)
class Pace:
    """How long and how large everything is; `deep` and `log` count stored events."""

    rounds: int
    seconds: int
    deep: int
    log: int


FULL = Pace(rounds=3, seconds=4, deep=5_000_000, log=200_000)
QUICK = Pace(rounds=1, seconds=2, deep=40_000, log=20_000)


@dataclass(frozen=True)
class Side:
    """One side of a ratio: a rate for each run, in `unit`, and latencies in ms if it has any."""

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
class Row:
    """A ratio, what is asked of it, and what makes it void."""

    name: str
    measured: Side
    against: Side
    target: float | None = None
    flaws: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Return how many times the one side is the other: of runs in turns the median of turns."""
        ours, theirs = self.measured.rates, self.against.rates
        if len(ours) == len(theirs):
            return median(each / other for each, other in zip(ours, theirs, strict=True))
        return self.measured.rate / self.against.rate

    @property
    def verdict(self) -> str:
        """Say in a word how it came out."""
        if self.flaws:
            return "void"
        if self.target is None:
            return ""
        return "met" if self.ratio >= self.target else "MISSED"


def side(label: str, loads: Sequence[Load], *, size: int = 1, unit: str = "requests/s") -> Side:
    """Sum up runs of wrk, of which each request carried `size` of what is counted."""
    return Side(
        label,
        unit,
        [load.rate * size for load in loads],
        median(load.p50 for load in loads),
        median(load.p99 for load in loads),
    )
