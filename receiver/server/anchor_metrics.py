"""Prometheus metrics of the anchors, which are read from the ledger's database at each scrape."""

from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from audit.tlog.anchor_lags import AnchorLag

LAG = "kitledger_anchor_lag"
SECONDS = "kitledger_anchor_lag_seconds"
FAILURES = "kitledger_anchor_failures"


class Anchors(Collector):
    """How far each anchor is behind; every process gives the same."""

    def __init__(self, lags: Callable[[], Iterable[AnchorLag]]) -> None:
        self._lags = lags

    def collect(self) -> Iterable[Metric]:
        """Return how far the ledger is ahead of each anchor, and how often that has failed."""
        events = GaugeMetricFamily(LAG, "Events not confirmed.", labels=["anchor"])
        age = GaugeMetricFamily(
            SECONDS, "Age of the oldest event that is not confirmed.", labels=["anchor"]
        )
        failures = CounterMetricFamily(
            FAILURES, "Attempts without a confirmation.", labels=["anchor"]
        )
        for each in self._lags():
            events.add_metric([each.anchor], each.events)
            failures.add_metric([each.anchor], each.failures)
            if each.seconds is not None:
                age.add_metric([each.anchor], each.seconds)
        return [events, age, failures]
