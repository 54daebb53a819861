"""The rows about PostgreSQL: beside the reference, the stock recorder, a follower, and a second server."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from benchmarks import load, servers
from benchmarks.load import CONNECTIONS, Load
from benchmarks.measures import Pace, Row, Side, side
from benchmarks.places import Place
from benchmarks.servers import Server
from benchmarks.stores import Store
from benchmarks.webhooks import SINGLES_A_SECOND, Runs, echo, ingest
from projections.event_batch import BATCH_BYTES, BATCH_EVENTS
from projections.models import all_projections

REPEATS = 3
FOLLOWED = 200_000
NAMES = {
    "whole": "single webhooks",
    "alone": "without projector",
    "reference": "Flask reference",
    "stock": "stock recorder",
}


def webhook_rows(store: Store, folder: Path, pace: Pace) -> list[Row]:
    """Send single webhooks to the service, to its receivers alone, and to the stock recorder, in turns."""
    runs = Runs()
    with ExitStack() as stack:
        reference = stack.enter_context(servers.reference(folder / "reference-2.log"))
        whole = stack.enter_context(servers.service(store.make("whole")))
        alone = stack.enter_context(servers.service(store.make("alone"), "--no-projector"))
        stock = stack.enter_context(servers.stock(store.make("stock")))
        for server in (whole, alone):
            ingest(server, 1)
        _send(stock, 1)
        for _ in range(pace.rounds):
            runs.add("reference", *echo(reference, pace.seconds))
            runs.add("whole", *ingest(whole, pace.seconds))
            whole.place.finish_batch()
            runs.add("alone", *ingest(alone, pace.seconds))
            runs.add("stock", *_send(stock, pace.seconds))
    sides = {name: side(name, each) for name, each in runs.loads.items()}
    wanted = [("whole", "reference", 0.4), ("alone", "reference", None), ("alone", "stock", 4.0)]
    return [
        Row(
            f"{store.name}: {NAMES[ours]} / {NAMES[theirs]}",
            sides[ours],
            sides[theirs],
            target,
            runs.flaws[ours] + runs.flaws[theirs],
        )
        for ours, theirs, target in wanted
    ]


def follower_row(place: Place, name: str, single: Side, events_each: int = 2) -> Row:
    """Follow a log from its first event to its last, decoding each, as the projector does."""
    store, topics = (
        place.parts.ledger.store,
        sorted({t for m in all_projections() for t in m.topics}),
    )
    rates = []
    for _ in range(REPEATS):
        started, followed, position = time.perf_counter(), 0, 0
        while followed < FOLLOWED:
            found, position = store.select_batch(
                position, topics=topics, limit=BATCH_EVENTS, max_bytes=BATCH_BYTES
            )
            followed += len([place.parts.ledger.streams.decode(each) for each in found])
            if not found:
                break
        rates.append(followed / (time.perf_counter() - started))
    return Row(
        f"{name}: stored events: follower / single webhooks",
        Side("the log followed", "stored events/s", rates),
        Side("single webhooks", "stored events/s", [r * events_each for r in single.rates]),
        target=5.0,
    )


def second_row(store: Store, pace: Pace) -> Row:
    """Send webhooks to one server of one worker, and to two of them on one database, in turns."""
    runs, place = Runs(), store.make("two")
    one_worker = ("--no-projector", "--workers", "1")
    with servers.service(place, *one_worker) as one, servers.service(place, *one_worker) as two:
        _send(one, 1)
        _send(two, 1)
        for _ in range(pace.rounds):
            runs.add("one", *_send(one, pace.seconds))
            runs.add("two", *_both(one, two, pace.seconds))
    return Row(
        f"{store.name}: two servers / one, of one worker each",
        side("two servers", runs.loads["two"]),
        side("one server", runs.loads["one"]),
        flaws=runs.flaws["one"] + runs.flaws["two"],
    )


def _both(one: Server, two: Server, seconds: int) -> tuple[Load, list[str]]:
    """Load two servers at once, each by half of the connections, and add up what was answered."""
    with ThreadPoolExecutor(2) as threads:
        ended = list(threads.map(lambda each: _send(each, seconds, CONNECTIONS // 2), (one, two)))
    (first, flaws), (second, others) = ended
    both = Load(
        answered=first.answered + second.answered,
        seconds=max(first.seconds, second.seconds),
        refused=first.refused + second.refused,
        broken=first.broken + second.broken,
        p50=max(first.p50, second.p50),
        p99=max(first.p99, second.p99),
        prepared=first.prepared + second.prepared,
    )
    return both, flaws + others


def _send(server: Server, seconds: int, connections: int = CONNECTIONS) -> tuple[Load, list[str]]:
    requests = server.place.webhooks.singles(SINGLES_A_SECOND * seconds)
    run = load.run(server.address, requests, seconds, connections)
    complaint = run.complaint(distinct=True)
    return run, [complaint] if complaint else []
