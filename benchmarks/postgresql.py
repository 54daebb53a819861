"""The ratios about PostgreSQL: beside the reference, the stock recorder, and a follower of the log."""

import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks import servers
from benchmarks.measures import LoadRuns, Measurement, Profile, Ratio, measurement
from benchmarks.store_kinds import StoreKind
from benchmarks.store_under_test import StoreUnderTest
from benchmarks.workloads import call_reference, ingest, send_singles
from projections.event_batch import BATCH_BYTES, BATCH_EVENTS
from projections.models import all_projections

REPEATS = 3
FOLLOWED_EVENTS = 200_000
LABELS = {
    "complete": "single webhooks",
    "receivers": "without projector",
    "reference": "Flask reference",
    "stock": "stock recorder",
}
RATIOS = [
    ("complete", "reference", 0.4),
    ("receivers", "reference", None),
    ("receivers", "stock", 4.0),
]


def webhook_ratios(kind: StoreKind, folder: Path, profile: Profile) -> list[Ratio]:
    """Send single webhooks to the service, to one without projector, and to the stock recorder."""
    runs = _run_in_turns(kind, folder, profile)
    sides = {name: measurement(name, loads) for name, loads in runs.loads.items()}
    return [
        Ratio(
            f"{kind.name}: {LABELS[measured]} / {LABELS[baseline]}",
            sides[measured],
            sides[baseline],
            target,
            runs.problems[measured] + runs.problems[baseline],
        )
        for measured, baseline, target in RATIOS
    ]


def _run_in_turns(kind: StoreKind, folder: Path, profile: Profile) -> LoadRuns:
    runs, no_projector = LoadRuns(), "--no-projector"
    with ExitStack() as stack:
        reference = stack.enter_context(servers.reference(folder / "reference-2.log"))
        complete = stack.enter_context(servers.service(kind.make("complete")))
        receivers = stack.enter_context(servers.service(kind.make("receivers"), no_projector))
        stock = stack.enter_context(servers.stock(kind.make("stock")))
        for server in (complete, receivers):
            ingest(server, 1)
        send_singles(stock, 1)
        for _ in range(profile.rounds):
            runs.add("reference", *call_reference(reference, profile.seconds))
            runs.add("complete", *ingest(complete, profile.seconds))
            complete.store.wait_until_projected()
            runs.add("receivers", *ingest(receivers, profile.seconds))
            runs.add("stock", *send_singles(stock, profile.seconds))
    return runs


def follower_ratio(
    store: StoreUnderTest, name: str, single: Measurement, events_per_webhook: int = 2
) -> Ratio:
    """Compare following and decoding the log, as the projector does, with single webhooks."""
    rates = [_followed_per_second(store) for _ in range(REPEATS)]
    return Ratio(
        f"{name}: stored events: follower / single webhooks",
        Measurement("the log followed", "stored events/s", rates),
        Measurement(
            "single webhooks", "stored events/s", [r * events_per_webhook for r in single.rates]
        ),
        target=5.0,
    )


def _followed_per_second(store: StoreUnderTest) -> float:
    recorder, decode = store.services.ledger.store, store.services.ledger.streams.decode
    topics = sorted({topic for model in all_projections() for topic in model.topics})
    started, followed, position = time.perf_counter(), 0, 0
    while followed < FOLLOWED_EVENTS:
        found, position = recorder.select_batch(
            position, topics=topics, limit=BATCH_EVENTS, max_bytes=BATCH_BYTES
        )
        followed += len([decode(each) for each in found])
        if not found:
            break
    return followed / (time.perf_counter() - started)
