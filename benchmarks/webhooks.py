"""The rows about one server under load: webhooks single and in arrays, and reading a kit."""

from collections import defaultdict

from benchmarks import accounting, load, traffic
from benchmarks.load import Load
from benchmarks.measures import Pace, Row, Side, side
from benchmarks.servers import Server
from benchmarks.traffic import Webhooks
from registry.keys import STANDARD_WEBHOOKS, new_secret

SINGLES_A_SECOND = 8000
ARRAYS_A_SECOND = 500
ARRAY = 100
"""More is prepared than any machine of ours takes in a second; too little makes the row void."""


class Runs:
    """Gather the runs of each kind of load, and what makes them void."""

    def __init__(self) -> None:
        self.loads: dict[str, list[Load]] = defaultdict(list)
        self.flaws: dict[str, list[str]] = defaultdict(list)

    def add(self, kind: str, run: Load, flaws: list[str]) -> None:
        """Take in one run."""
        self.loads[kind].append(run)
        self.flaws[kind] += flaws


def measure(server: Server, reference: str, pace: Pace) -> Runs:
    """Load the service and the reference in turns; every round starts with all events projected."""
    runs = Runs()
    ingest(server, 1)
    for _ in range(pace.rounds):
        runs.add("reference", *echo(reference, pace.seconds))
        runs.add("single", *ingest(server, pace.seconds))
        server.place.finish_batch()
        runs.add("read", *read_kits(server, pace.seconds))
        runs.add("array", *ingest(server, pace.seconds, ARRAY))
        server.place.finish_batch()
    return runs


def rows(runs: Runs) -> list[Row]:
    """Put the runs side by side."""
    reference = side("Flask route, constant answer", runs.loads["reference"])
    single = side("durable single webhooks", runs.loads["single"])
    events = Side("events one by one", "events/s", single.rates, single.p50, single.p99)
    arrays = side(f"in arrays of {ARRAY}", runs.loads["array"], size=ARRAY, unit="events/s")
    read = side("GET one kit", runs.loads["read"])
    flaws = runs.flaws
    return [
        Row("single webhooks / Flask reference", single, reference, 0.5, _both(flaws, "single")),
        Row(
            f"events in arrays of {ARRAY} / one by one",
            arrays,
            events,
            8.0,
            flaws["array"] + flaws["single"],
        ),
        Row("reading one kit / Flask reference", read, reference, 0.5, _both(flaws, "read")),
    ]


def ingest(server: Server, seconds: int, size: int = 1) -> tuple[Load, list[str]]:
    """Send distinct signed deliveries of `size` events, and count again what became of them."""
    webhooks = server.place.webhooks
    if size == 1:
        requests = webhooks.singles(SINGLES_A_SECOND * seconds)
    else:
        requests = webhooks.arrays(ARRAYS_A_SECOND * seconds, size)
    before = accounting.take(server)
    run = load.run(server.address, requests, seconds)
    return run, accounting.flaws(server, before, run, size)


def echo(address: str, seconds: int) -> tuple[Load, list[str]]:
    """Send the reference what the service gets: signed webhooks, though nobody looks at that."""
    webhooks = Webhooks(new_secret(STANDARD_WEBHOOKS), first=1, path="/")
    return _repeated(address, webhooks.singles(1000), seconds)


def read_kits(server: Server, seconds: int) -> tuple[Load, list[str]]:
    """Read a thousand kits in turn."""
    kits = server.get("/api/v1/kits/?limit=1000").json()
    credentials = server.place.credentials
    paths = [f"/api/v1/kits/{kit['barcode']}/" for kit in kits]
    return _repeated(server.address, [traffic.get(path, credentials) for path in paths], seconds)


def _repeated(address: str, requests: list[bytes], seconds: int) -> tuple[Load, list[str]]:
    run = load.run(address, requests, seconds)
    complaint = run.complaint(distinct=False)
    return run, [complaint] if complaint else []


def _both(flaws: dict[str, list[str]], kind: str) -> list[str]:
    return [*flaws[kind], *flaws["reference"]]
