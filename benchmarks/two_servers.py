"""The ratio of two servers on one PostgreSQL database to one of them."""

from concurrent.futures import ThreadPoolExecutor

from benchmarks import servers
from benchmarks.load import CONNECTIONS, Load
from benchmarks.measures import LoadRuns, Profile, Ratio, measurement
from benchmarks.servers import Server
from benchmarks.store_kinds import StoreKind
from benchmarks.workloads import send_singles

ONE_WORKER = ("--no-projector", "--workers", "1")


def measure(kind: StoreKind, profile: Profile) -> Ratio:
    """Send webhooks to one server of one worker, and to two of them, in turns."""
    runs, store = LoadRuns(), kind.make("two")
    with servers.service(store, *ONE_WORKER) as one, servers.service(store, *ONE_WORKER) as two:
        send_singles(one, 1)
        send_singles(two, 1)
        for _ in range(profile.rounds):
            runs.add("one", *send_singles(one, profile.seconds))
            runs.add("two", *_send_to_both(one, two, profile.seconds))
    return Ratio(
        f"{kind.name}: two servers / one, of one worker each",
        measurement("two servers", runs.loads["two"]),
        measurement("one server", runs.loads["one"]),
        problems=runs.problems["one"] + runs.problems["two"],
    )


def _send_to_both(one: Server, two: Server, seconds: int) -> tuple[Load, list[str]]:
    """Load two servers at once, each by half of the connections, and sum up the loads."""

    def send(server: Server) -> tuple[Load, list[str]]:
        return send_singles(server, seconds, CONNECTIONS // 2)

    with ThreadPoolExecutor(2) as threads:
        (first, problems), (second, more_problems) = threads.map(send, (one, two))
    both = Load(
        answered=first.answered + second.answered,
        seconds=max(first.seconds, second.seconds),
        refused=first.refused + second.refused,
        broken=first.broken + second.broken,
        p50=max(first.p50, second.p50),
        p99=max(first.p99, second.p99),
        prepared=first.prepared + second.prepared,
    )
    return both, problems + more_problems
