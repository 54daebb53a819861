"""The ratios of the transparency log: keeping it, verifying it, and proofs at two sizes."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from audit.tlog.builder import BATCH_BYTES, BATCH_EVENTS, TreeBuilder
from audit.tlog.hashed_blocks import blocks, hashed_by_processes
from audit.tlog.verification import Verification
from benchmarks import load, prefill, servers, traffic
from benchmarks.load import Load
from benchmarks.measures import LoadRuns, Measurement, Profile, Ratio, measurement
from benchmarks.servers import Server
from benchmarks.store_kinds import StoreKind
from benchmarks.store_under_test import StoreUnderTest
from benchmarks.workloads import ingest
from receiver.processors import processors
from receiver.transparency import open_log

SHORT_LOG = 1000
SECONDS = 2
PATHS = 2000
TURNS = 3
KEEPER, VERIFY, INGEST, PROOF = 10.0, 0.5, 0.95, 0.8
"""The targets of the ratios."""


def ratios(
    filled: StoreUnderTest, kind: StoreKind, profile: Profile, single: Measurement
) -> list[Ratio]:
    """Hash a filled store, verify it, and read proofs from it; then send webhooks to empty ones."""
    hashed = hash_from_zero(filled)
    rates = [2 * each for each in single.rates]
    keeper = Ratio(
        f"{kind.name}: stored events: keeper of the log / single webhooks",
        Measurement("hashing from zero", "stored events/s", [hashed]),
        Measurement("single webhooks", "stored events/s", rates, single.p50, single.p99),
        KEEPER,
    )
    return [
        keeper,
        verify_ratio(filled, kind.name),
        proof_ratio(filled, kind, profile),
        ingest_ratio(kind, profile),
    ]


def hash_from_zero(store: StoreUnderTest) -> float:
    """Hash all events into tiles, as the keeper does; return events a second."""
    services, head = store.services, store.head()
    builder = TreeBuilder(services.ledger.store, services.tlog)
    first, started = services.tlog.size(), time.perf_counter()
    while builder.step() < head:
        pass
    return (head - first) / (time.perf_counter() - started)


def verify_ratio(store: StoreUnderTest, name: str) -> Ratio:
    """Verify the log as `kitledger audit verify` does a long one, and only read it, in turns.

    The start of the processes is included.
    """
    verified, read = [], []
    for _ in range(TURNS):
        read.append(_read_per_second(store))
        verified.append(_verified_per_second(store))
    return Ratio(
        f"{name}: verifying the log / reading it",
        Measurement("audit verify", "stored events/s", verified),
        Measurement("reading batches alone", "stored events/s", read),
        VERIFY,
    )


def _read_per_second(store: StoreUnderTest) -> float:
    head, reached, started = store.head(), 0, time.perf_counter()
    while reached < head:
        _, reached = store.services.ledger.store.select_batch(
            reached, topics=(), limit=BATCH_EVENTS, max_bytes=BATCH_BYTES
        )
    return head / (time.perf_counter() - started)


def _verified_per_second(store: StoreUnderTest) -> float:
    started = time.perf_counter()
    verification = Verification(store.services.tlog, store.head, [])
    open_it = partial(open_log, store.services.settings)
    verification.run(hashed_by_processes(open_it, processors(), blocks(verification.head)))
    return verification.events / (time.perf_counter() - started)


def proof_ratio(filled: StoreUnderTest, kind: StoreKind, profile: Profile) -> Ratio:
    """Read proofs of random events of a long log and of a short one, in turns."""
    short = kind.make("short-tree")
    prefill.store_kits(short, SHORT_LOG // 2)
    runs = LoadRuns()
    for store in (short, filled):
        sign(store)
    with servers.service(filled) as long_server, servers.service(short) as short_server:
        for _ in range(profile.rounds):
            runs.add("short", *_read_proofs(short_server))
            runs.add("long", *_read_proofs(long_server))
    return Ratio(
        f"{kind.name}: inclusion proofs at {filled.head():,} events / at {SHORT_LOG:,}",
        measurement(f"{filled.head():,} events", runs.loads["long"]),
        measurement(f"{SHORT_LOG:,} events", runs.loads["short"]),
        PROOF,
        runs.problems["long"] + runs.problems["short"],
    )


def ingest_ratio(kind: StoreKind, profile: Profile) -> Ratio:
    """Send webhooks to a server whose log is kept, and to one whose log is not, in turns."""
    kept, bare = kind.make("kept-log"), kind.make("no-log")
    sign(kept)
    runs = LoadRuns()
    with (
        _served(kept, "-m", "receiver", "project") as with_log,
        _served(bare, "-m", "benchmarks.without_keeper", "project") as without,
    ):
        for _ in range(profile.rounds + 1):
            runs.add("without", *ingest(without, profile.seconds))
            runs.add("with", *ingest(with_log, profile.seconds))
    return Ratio(
        f"{kind.name}: ingest with the log kept / without",
        measurement("with", runs.loads["with"]),
        measurement("without", runs.loads["without"]),
        INGEST,
        runs.problems["with"] + runs.problems["without"],
    )


def sign(store: StoreUnderTest) -> None:
    """Make a key for a store, and sign its log."""
    for command in (["audit", "key"], ["audit", "checkpoint"]):
        subprocess.run(
            [sys.executable, "-m", "receiver", *command],
            env={**store.environment, "CHECKPOINT_KEY_FILE": str(store.folder / "bench.key")},
            check=True,
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def _served(store: StoreUnderTest, *projector: str) -> Iterator[Server]:
    environment = {**store.environment, "CHECKPOINT_KEY_FILE": str(store.folder / "bench.key")}
    log = store.folder / "projector.log"
    with (
        servers.run_python(list(projector), environment, log),
        servers.service(store, "--no-projector") as server,
    ):
        yield server


def _read_proofs(server: Server) -> tuple[Load, list[str]]:
    size = int(server.get("/audit/tlog/checkpoint").text.split("\n")[1])
    chosen = random.Random(size).sample(range(1, size + 1), min(size, PATHS))
    credentials = server.store.credentials
    paths = [f"/api/v1/audit/proofs/{position}" for position in chosen]
    run = load.run(server.address, [traffic.get(each, credentials) for each in paths], SECONDS)
    return run, run.problems(distinct=False)
