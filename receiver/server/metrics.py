"""Prometheus metrics, summed over the processes of one server."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

WEBHOOKS = Counter(
    "kitledger_webhooks", "Envelopes received, by source and outcome.", ["source", "outcome"]
)
COMMIT_SECONDS = Histogram(
    "kitledger_commit_seconds",
    "How long a commit to the ledger took, the sync to disk included.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
COMMIT_MEMBERS = Histogram(
    "kitledger_commit_members",
    "How many requests shared a commit.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
HELD = "kitledger_quarantine_held"
LAG = "kitledger_projection_lag"
STOPPED = "kitledger_projection_stopped"


def observe_commit(members: int, seconds: float) -> None:
    """Count one commit."""
    COMMIT_SECONDS.observe(seconds)
    COMMIT_MEMBERS.observe(members)


class Lags(Collector):
    """Gauges that are read from the databases at each scrape, so every process gives the same."""

    def __init__(self, lags: Callable[[], Iterable[tuple[str, int, bool]]]) -> None:
        self._lags = lags

    def collect(self) -> Iterable[Metric]:
        """Return the lag of each projection in positions, and whether it has stopped."""
        lag = GaugeMetricFamily(LAG, "Positions behind the ledger.", labels=["projection"])
        stopped = GaugeMetricFamily(
            STOPPED, "1 when it has stopped at a poisonous event.", labels=["projection"]
        )
        for name, behind, has_stopped in self._lags():
            lag.add_metric([name], behind)
            stopped.add_metric([name], float(has_stopped))
        return [lag, stopped]


class Held(Collector):
    """The gauge of held deliveries, which is read from the read model at each scrape."""

    def __init__(self, counts: Callable[[], Iterable[tuple[str, str, int]]]) -> None:
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        """Return how many deliveries are in quarantine, by source and reason."""
        held = GaugeMetricFamily(HELD, "Deliveries in quarantine.", labels=["source", "reason"])
        for source, reason, count in self._counts():
            held.add_metric([source, reason], count)
        return [held]


def exposition(
    lags: Callable[[], Iterable[tuple[str, int, bool]]],
    held: Callable[[], Iterable[tuple[str, str, int]]] = tuple,
    *,
    shared: bool,
) -> bytes:
    """Return all metrics as text; `shared` if several processes write them into one folder."""
    registry = CollectorRegistry()
    registry.register(Lags(lags))
    registry.register(Held(held))
    if shared:
        multiprocess.MultiProcessCollector(registry)
    else:
        for metric in (WEBHOOKS, COMMIT_SECONDS, COMMIT_MEMBERS):
            registry.register(metric)
    return generate_latest(registry)
