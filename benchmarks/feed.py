"""The ratio of webhooks with a thousand open streams of the feed to those without, at a given rate."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles

from benchmarks import memory, servers
from benchmarks.followers import Arrivals, following
from benchmarks.measures import Measurement, Profile, Ratio
from benchmarks.memory import Peak
from benchmarks.servers import Server
from benchmarks.store_under_test import make_store
from tests.harness.raw import answer, connect

STREAMS = 1000
RATE = 200
SENDERS = 20
SETTLE_SECONDS = 2.0
Acknowledged = dict[int, tuple[float, float]]
"""For each position, the moment of the acknowledgement, and the seconds that it took."""


def measure(folder: Path, profile: Profile) -> tuple[list[Ratio], list[Peak]]:
    """Send webhooks at a fixed rate to a server without streams, and with them."""
    with servers.service(make_store(folder / "feed")) as server:
        send(server, 1)
        alone = send(server, 2 * profile.seconds)
        with following(server, STREAMS) as followers:
            followed = send(server, 2 * profile.seconds)
            time.sleep(SETTLE_SECONDS)
            arrivals = followers.arrivals()
        peaks = memory.of_server(server.pid, f"{STREAMS:,} streams")
    return ratios(alone, followed, arrivals), peaks


def ratios(alone: Acknowledged, followed: Acknowledged, arrivals: Arrivals) -> list[Ratio]:
    """Return the ratios of the rates, and of the events that arrived on a stream."""
    late = [max(0.0, at - followed[position][0]) for position, at in arrivals]
    missing = set(followed) - {position for position, _ in arrivals}
    problems = [f"{len(missing)} events did not arrive"] if missing else []
    with_streams = measurement(f"with {STREAMS:,} streams", followed)
    seconds = duration(followed)
    arrived = Measurement(
        "to arrival", "events/s", [len(followed) / seconds], *percentiles(late or [0.0, 0.0])
    )
    return [
        Ratio(
            f"{RATE} webhooks/s: with {STREAMS:,} streams / without",
            with_streams,
            measurement("without streams", alone),
            0.8,
            problems,
        ),
        Ratio("arrival on a stream / acknowledgement", arrived, with_streams, problems=problems),
    ]


def send(server: Server, seconds: int) -> Acknowledged:
    """Send RATE webhooks a second over some connections, or as many as the server takes."""
    share = RATE // SENDERS
    requests = [server.store.webhooks.singles(share * seconds) for _ in range(SENDERS)]
    port = int(server.address.rpartition(":")[2])
    with ThreadPoolExecutor(SENDERS) as threads:
        each = threads.map(lambda mine: _send_at(port, mine, share), requests)
        return {position: times for found in each for position, times in found.items()}


def _send_at(port: int, requests: list[bytes], rate: int) -> Acknowledged:
    """Send requests on one connection, each at its time or after the answer of the one before."""
    found: Acknowledged = {}
    begun = time.monotonic()
    with closing(connect(port)) as connection:
        for number, request in enumerate(requests):
            time.sleep(max(0.0, begun + number / rate - time.monotonic()))
            sent = time.monotonic()
            connection.sendall(request)
            content = answer(connection).json()
            now = time.monotonic()
            found[content["position"]] = now, now - sent
    return found


def measurement(label: str, acknowledged: Acknowledged) -> Measurement:
    """Summarize what was acknowledged."""
    rate = len(acknowledged) / duration(acknowledged)
    return Measurement(
        label, "requests/s", [rate], *percentiles([took for _, took in acknowledged.values()])
    )


def duration(acknowledged: Acknowledged) -> float:
    """Return the seconds from the first request to the last acknowledgement."""
    begun = min(at - took for at, took in acknowledged.values())
    return max(at for at, _ in acknowledged.values()) - begun


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile, in ms."""
    return 1000 * median(seconds), 1000 * quantiles(seconds, n=100)[98]
