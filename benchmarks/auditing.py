"""The ratios of the auditor's reads: answers as of a position, histories, and the log."""

from collections.abc import Iterator
from urllib.parse import urlencode

from benchmarks import prefill, servers
from benchmarks.measures import LoadRuns, Profile, Ratio, measurement
from benchmarks.servers import Server
from benchmarks.store_kinds import StoreKind
from benchmarks.store_under_test import StoreUnderTest
from benchmarks.workloads import read_page
from receiver.pages import cursor

PAGE = 100
SHORT_LOG = 1000
SECONDS = 2
ONE_THING, PAGE_AS_OF, HISTORY, LOG = 0.3, 0.1, 0.5, 0.9
"""The targets of the ratios."""
KITS, EVENTS, LOG_PATH = "/api/v1/kits/", "/api/v1/events/", "/api/v1/audit/log/"
REGISTRATIONS = "/api/v1/kit-registrations/"


def ratios(filled: StoreUnderTest, kind: StoreKind, profile: Profile) -> list[Ratio]:
    """Read as of the middle of a filled store beside its live answers, and its log beside a short one."""
    prefill.store_story(filled, PAGE, first=10 * profile.stored_events)
    prefill.store_kit_registrations(filled, PAGE)
    with servers.service(filled) as server:
        filled.wait_until_projected()
        past = list(_as_of_ratios(server, kind.name, profile))
    return [*past, _log_ratio(filled, kind, profile)]


def as_of_ratio(
    server: Server, name: str, path: str, rows: int, profile: Profile, target: float = PAGE_AS_OF
) -> Ratio:
    """Read a page as of the middle of the ledger and now, in turns."""
    separator = "&" if "?" in path else "?"
    past = f"{path}{separator}as_of_position={server.store.head() // 2}"
    return _ratio(
        f"{name} as of the middle / now", (server, past), (server, path), rows, profile, target
    )


def _as_of_ratios(server: Server, kind: str, profile: Profile) -> Iterator[Ratio]:
    status = server.get(f"{KITS}?limit=1").json()[0]["status"]
    page = {"limit": PAGE}
    lists = {
        "kits": f"{KITS}?{urlencode(page)}",
        "kits of a status": f"{KITS}?{urlencode({**page, 'status': status})}",
        "events": f"{EVENTS}?{urlencode(page)}",
        "events of a type": f"{EVENTS}?{urlencode({**page, 'type': 'kit.created'})}",
    }
    for name, path in lists.items():
        yield as_of_ratio(server, f"{kind}: {name}", path, PAGE, profile)
    one = f"{KITS}{_old_barcode(server)}/"
    fields = len(server.get(one).json())
    yield as_of_ratio(server, f"{kind}: one kit", one, fields, profile, ONE_THING)
    first = server.get(f"{REGISTRATIONS}?limit=1").json()[0]["id"]
    yield _ratio(
        f"{kind}: history of a kit registration / page of kit registrations",
        (server, f"{REGISTRATIONS}{first}/history/?{urlencode(page)}"),
        (server, f"{REGISTRATIONS}?{urlencode(page)}"),
        PAGE,
        profile,
        HISTORY,
    )
    # Each of its entries folds all observations before it.
    yield _ratio(
        f"{kind}: history of a kit with {PAGE} observations / page of kits",
        (server, f"{KITS}{prefill.STORY}/history/?{urlencode(page)}"),
        (server, lists["kits"]),
        PAGE,
        profile,
    )


def _old_barcode(server: Server) -> str:
    """Return the barcode of a kit that existed in the middle of the ledger."""
    past = server.get(f"{KITS}?limit=1&as_of_position={server.store.head() // 2}")
    return str(past.json()[0]["barcode"])


def _log_ratio(filled: StoreUnderTest, kind: StoreKind, profile: Profile) -> Ratio:
    short = kind.make("short-log")
    prefill.store_kits(short, SHORT_LOG // 2)
    with servers.service(filled) as long_server, servers.service(short) as short_server:
        short.wait_until_projected()
        return _ratio(
            f"{kind.name}: page of the log at {filled.head():,} events / at {SHORT_LOG:,}",
            (long_server, _last_page(filled.head())),
            (short_server, _last_page(SHORT_LOG)),
            PAGE,
            profile,
            LOG,
        )


def _last_page(events: int) -> str:
    query = {"limit": PAGE, "kind": "kit", "after": cursor([events - 2 * PAGE])}
    return f"{LOG_PATH}?{urlencode(query)}"


def _ratio(
    name: str,
    measured: tuple[Server, str],
    baseline: tuple[Server, str],
    rows: int,
    profile: Profile,
    target: float | None = None,
) -> Ratio:
    runs = LoadRuns()
    for _ in range(profile.rounds):
        runs.add("baseline", *read_page(*baseline, rows, SECONDS))
        runs.add("measured", *read_page(*measured, rows, SECONDS))
    return Ratio(
        name,
        measurement("measured", runs.loads["measured"]),
        measurement("baseline", runs.loads["baseline"]),
        target,
        runs.problems["measured"] + runs.problems["baseline"],
    )
