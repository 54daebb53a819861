"""The workloads: each sends requests of one kind, and returns the load with its problems."""

from benchmarks import cross_check, load, traffic
from benchmarks.load import CONNECTIONS, Load
from benchmarks.servers import Server
from benchmarks.traffic import Webhooks
from registry.keys import STANDARD_WEBHOOKS, new_secret

SINGLES_PER_SECOND = 8000
ARRAYS_PER_SECOND = 500
"""More than a machine takes in a second; too few requests make a run void."""


def ingest(server: Server, seconds: int, size: int = 1) -> tuple[Load, list[str]]:
    """Send distinct signed deliveries of `size` events, and check the counts afterwards."""
    webhooks = server.store.webhooks
    if size == 1:
        requests = webhooks.singles(SINGLES_PER_SECOND * seconds)
    else:
        requests = webhooks.arrays(ARRAYS_PER_SECOND * seconds, size)
    before = cross_check.read_counts(server)
    run = load.run(server.address, requests, seconds)
    return run, cross_check.discrepancies(server, before, run, size)


def send_singles(
    server: Server, seconds: int, connections: int = CONNECTIONS
) -> tuple[Load, list[str]]:
    """Send distinct signed deliveries of one event, without a check of the ledger."""
    requests = server.store.webhooks.singles(SINGLES_PER_SECOND * seconds)
    run = load.run(server.address, requests, seconds, connections)
    return run, run.problems(distinct=True)


def call_reference(address: str, seconds: int) -> tuple[Load, list[str]]:
    """Send signed webhooks to the reference, which ignores their signatures."""
    webhooks = Webhooks(new_secret(STANDARD_WEBHOOKS), first=1, path="/")
    return _repeat(address, webhooks.singles(1000), seconds)


def read_kits(server: Server, seconds: int) -> tuple[Load, list[str]]:
    """Read a thousand kits, one per request."""
    kits = server.get("/api/v1/kits/?limit=1000").json()
    credentials = server.store.credentials
    paths = [f"/api/v1/kits/{kit['barcode']}/" for kit in kits]
    return _repeat(server.address, [traffic.get(path, credentials) for path in paths], seconds)


def read_page(server: Server, path: str, rows: int, seconds: int) -> tuple[Load, list[str]]:
    """Read the same page again and again; it must have so many rows."""
    found = len(server.get(path).json())
    request = traffic.get(path, server.store.credentials)
    run, problems = _repeat(server.address, [request], seconds)
    if found != rows:
        problems.append(f"the page has {found} rows, not {rows}")
    return run, problems


def _repeat(address: str, requests: list[bytes], seconds: int) -> tuple[Load, list[str]]:
    run = load.run(address, requests, seconds)
    return run, run.problems(distinct=False)
