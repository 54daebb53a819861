"""Prometheus metrics, summed over the processes of one server."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    values,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from audit.tlog.anchor_lags import AnchorLag
from receiver.server.anchor_metrics import Anchors
from receiver.server.metric_files import MetricFiles

FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
FILES = MetricFiles(Path(FOLDER or ""))
"""Used only when several processes share a folder."""
if FOLDER:
    # The library's own values fail when their folder is gone.
    values.ValueClass = FILES.new_value

WEBHOOKS = Counter(
    "kitledger_webhooks",
    "Envelopes received by outcome, and webhooks refused by reason.",
    ["source", "outcome"],
)
HEADS_REFUSED = Counter(
    "kitledger_heads_refused",
    "Requests to any route whose heads were refused, by the status of the answer.",
    ["status"],
)
LAST_WITHOUT_ROOM = Gauge(
    "kitledger_webhooks_last_without_room_timestamp_seconds",
    "When a webhook was last refused because there was no room for it.",
    multiprocess_mode="max",
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
FEED_STREAMS = Gauge(
    "kitledger_feed_streams",
    "Streams of the feed that are open.",
    multiprocess_mode="livesum",
)
HELD = "kitledger_quarantine_held"
NO_ROOM = "no-room"
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


def no_room(*, shared: bool) -> tuple[int, float]:
    """Return how many webhooks were refused for lack of room, and when the last one was (0 for never).

    Of all processes if `shared`, while the folder that they write into can be read.
    """
    found = [*WEBHOOKS.collect(), *LAST_WITHOUT_ROOM.collect()]
    if shared:
        with suppress(OSError, ValueError):
            found = list(multiprocess.MultiProcessCollector(None).collect())
    samples = [sample for metric in found for sample in metric.samples]
    counted = [each for each in samples if each.name == "kitledger_webhooks_total"]
    refused = sum(each.value for each in counted if each.labels["outcome"] == NO_ROOM)
    name = "kitledger_webhooks_last_without_room_timestamp_seconds"
    return int(refused), max((each.value for each in samples if each.name == name), default=0.0)


def exposition(
    lags: Callable[[], Iterable[tuple[str, int, bool]]],
    held: Callable[[], Iterable[tuple[str, str, int]]] = tuple,
    anchors: Callable[[], Iterable[AnchorLag]] = tuple,
    *,
    shared: bool,
) -> bytes:
    """Return all metrics as text; `shared` if several processes write them into one folder.

    While that folder can't be read, only this process's are returned.
    """
    asked = (Lags(lags), Held(held), Anchors(anchors))
    if shared:
        FILES.restore()
        # The folder may be removed again between any two statements.
        with suppress(OSError, ValueError):
            return _text(*asked, multiprocess.MultiProcessCollector(None))
    own = (
        WEBHOOKS,
        HEADS_REFUSED,
        LAST_WITHOUT_ROOM,
        COMMIT_SECONDS,
        COMMIT_MEMBERS,
        FEED_STREAMS,
    )
    return _text(*asked, *own)


def _text(*collectors: Collector) -> bytes:
    registry = CollectorRegistry()
    for each in collectors:
        registry.register(each)
    return generate_latest(registry)
