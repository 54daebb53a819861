"""The ratios at scale: webhooks into a filled store, and pages of long lists."""

from collections.abc import Iterator
from urllib.parse import urlencode

from benchmarks import memory, prefill, servers, traffic
from benchmarks.measures import LoadRuns, Profile, Ratio, measurement
from benchmarks.memory import Peak
from benchmarks.servers import Server
from benchmarks.store_kinds import StoreKind
from benchmarks.store_under_test import StoreUnderTest
from benchmarks.workloads import ingest, read_page
from receiver.pages import cursor

SHORT_LIST = 1000
PAGE = 100
LIST_SECONDS = 2
MAX_SLOWDOWN = 1.5
"""How many times as long as the first page the last page of a list may take."""


def ingest_ratio(
    filled: StoreUnderTest, kind: StoreKind, profile: Profile
) -> tuple[Ratio, list[Peak]]:
    """Send webhooks to a filled store and to empty ones, in turns.

    The filled store's files are read before each turn. Some systems evict pages that were idle for
    half a minute, as they are during the other store's turn, and then the disk would be measured.
    """
    runs = LoadRuns()
    with servers.service(filled) as full:
        ingest(full, 1)
        for number in range(profile.rounds):
            with servers.service(kind.make(f"empty-{number}")) as empty:
                ingest(empty, 1)
                runs.add("empty", *ingest(empty, profile.seconds))
            filled.warm_up()
            runs.add("full", *ingest(full, profile.seconds))
        peaks = memory.of_server(full.pid, "webhooks into the full store")
    ratio = Ratio(
        f"{kind.name}: ingest at {profile.stored_events:,} stored events / at none",
        measurement(f"{profile.stored_events:,} stored before", runs.loads["full"]),
        measurement("none stored before", runs.loads["empty"]),
        0.9,
        runs.problems["full"] + runs.problems["empty"],
    )
    return ratio, peaks


def list_ratios(filled: StoreUnderTest, kind: StoreKind, profile: Profile) -> list[Ratio]:
    """Read pages of a long list and of a short one, in turns; half of the events are about kits."""
    small = kind.make("small")
    prefill.store_kits(small, SHORT_LIST // 2)
    for store, amount in ((small, SHORT_LIST), (filled, profile.stored_events)):
        prefill.store_notes(store, amount // 2, first=amount // 2 + 1)
    with servers.service(filled) as long, servers.service(small) as short:
        filled.wait_until_projected()
        small.wait_until_projected()
        pages = zip(_pages(profile.stored_events), _pages(SHORT_LIST), strict=True)
        ratios = [
            _page_ratio(
                f"{kind.name}: list by {name}", profile.stored_events, (long, path), (short, other)
            )
            for (name, path), (_, other) in pages
        ]
        return [_last_page_ratio(kind, long, profile), *ratios]


def _page_ratio(name: str, rows: int, long: tuple[Server, str], short: tuple[Server, str]) -> Ratio:
    runs = LoadRuns()
    runs.add("short", *read_page(*short, PAGE, LIST_SECONDS))
    runs.add("long", *read_page(*long, PAGE, LIST_SECONDS))
    return Ratio(
        f"{name}: {rows:,} / {SHORT_LIST:,}",
        measurement(f"{rows:,} rows", runs.loads["long"]),
        measurement(f"{SHORT_LIST:,} rows", runs.loads["short"]),
        problems=runs.problems["long"] + runs.problems["short"],
    )


def _last_page_ratio(kind: StoreKind, long: Server, profile: Profile) -> Ratio:
    """Read the first and the last page of the whole list, in turns."""
    runs, rows = LoadRuns(), profile.stored_events
    last_page = _path({"after": cursor([rows - PAGE, traffic.SOURCE])})
    for _ in range(profile.rounds):
        runs.add("first", *read_page(long, _path({}), PAGE, LIST_SECONDS))
        runs.add("last", *read_page(long, last_page, PAGE, LIST_SECONDS))
    return Ratio(
        f"{kind.name}: /events/ last page of {rows:,} / first",
        measurement("last page", runs.loads["last"]),
        measurement("first page", runs.loads["first"]),
        round(1 / MAX_SLOWDOWN, 3),
        runs.problems["last"] + runs.problems["first"],
    )


def _pages(rows: int) -> Iterator[tuple[str, str]]:
    """Yield the name and the path of full pages; the filters match the second half of the list."""
    last = cursor([rows - PAGE, traffic.SOURCE])
    by_type = {"type": prefill.NOTE}
    numbers = {"created_at__gte": rows // 2 + 1, "created_at__lt": rows + 1}
    by_time = {name: traffic.created_at(number) for name, number in numbers.items()}
    yield "type, first page", _path(by_type)
    yield "type, last page", _path({**by_type, "after": last})
    yield "created_at, first page", _path(by_time)
    yield "created_at, last page", _path({**by_time, "after": last})


def _path(arguments: dict[str, str]) -> str:
    return "/api/v1/events/?" + urlencode({**arguments, "limit": PAGE})
