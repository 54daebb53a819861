"""The rows about size: webhooks into a full store, and pages of long lists."""

from collections.abc import Iterator
from urllib.parse import urlencode

from benchmarks import load, memory, prefill, servers, traffic
from benchmarks.load import Load
from benchmarks.measures import Pace, Row, side
from benchmarks.memory import Peak
from benchmarks.places import Place
from benchmarks.servers import Server
from benchmarks.stores import Store
from benchmarks.webhooks import Runs, ingest
from receiver.pages import cursor

SHORT_LIST = 1000
PAGE = 100
LIST_SECONDS = 2
ALLOWED = 1.5
"""How many times as long a page deep in a list may take as the first one."""


def ingest_row(deep: Place, store: Store, pace: Pace) -> tuple[Row, list[Peak]]:
    """Send webhooks to a full store and to empty ones, in turns.

    The full store's files are read before each turn. Some systems take back memory that lay idle for
    half a minute, as it does while the other store has its turn; then the disk would be measured.
    """
    runs = Runs()
    with servers.service(deep) as full:
        ingest(full, 1)
        for number in range(pace.rounds):
            with servers.service(store.make(f"empty-{number}")) as empty:
                ingest(empty, 1)
                runs.add("empty", *ingest(empty, pace.seconds))
            deep.warm()
            runs.add("full", *ingest(full, pace.seconds))
        peaks = memory.of_server(full.pid, "webhooks into the full store")
    row = Row(
        f"{store.name}: ingest at {pace.deep:,} stored events / at none",
        side(f"{pace.deep:,} stored before", runs.loads["full"]),
        side("none stored before", runs.loads["empty"]),
        0.9,
        runs.flaws["full"] + runs.flaws["empty"],
    )
    return row, peaks


def list_rows(deep: Place, store: Store, pace: Pace) -> list[Row]:
    """Read pages of a long list and of a short one, in turns; half of each are about kits."""
    small = store.make("small")
    prefill.kits(small, SHORT_LIST // 2)
    for place, amount in ((small, SHORT_LIST), (deep, pace.deep)):
        prefill.notes(place, amount // 2, first=amount // 2 + 1)
    with servers.service(deep) as long, servers.service(small) as short:
        deep.finish_batch()
        small.finish_batch()
        queries = zip(_queries(pace.deep), _queries(SHORT_LIST), strict=True)
        rows = [
            _list_row(f"{store.name}: list by {name}", pace.deep, long, query, short, other)
            for (name, query), (_, other) in queries
        ]
        return [_deep_row(store, long, pace), *rows]


def _list_row(name: str, rows: int, long: Server, query: str, short: Server, other: str) -> Row:
    runs = Runs()
    runs.add("short", *_read(short, other))
    runs.add("long", *_read(long, query))
    return Row(
        f"{name}: {rows:,} / {SHORT_LIST:,}",
        side(f"{rows:,} rows", runs.loads["long"]),
        side(f"{SHORT_LIST:,} rows", runs.loads["short"]),
        flaws=runs.flaws["long"] + runs.flaws["short"],
    )


def _deep_row(store: Store, long: Server, pace: Pace) -> Row:
    """Read the first and the last page of the whole list, in turns."""
    runs = Runs()
    for _ in range(pace.rounds):
        runs.add("first", *_read(long, _query({})))
        runs.add(
            "last", *_read(long, _query({"after": cursor([pace.deep - PAGE, traffic.SOURCE])}))
        )
    return Row(
        f"{store.name}: /events/ last page of {pace.deep:,} / first",
        side("last page", runs.loads["last"]),
        side("first page", runs.loads["first"]),
        round(1 / ALLOWED, 3),
        runs.flaws["last"] + runs.flaws["first"],
    )


def _queries(rows: int) -> Iterator[tuple[str, str]]:
    """Yield pages to read: the second half of the list matches, and each page is full."""
    last = cursor([rows - PAGE, traffic.SOURCE])
    kind = {"type": prefill.NOTE}
    times = {"created_at__gte": rows // 2 + 1, "created_at__lt": rows + 1}
    window = {name: traffic.created_at(number) for name, number in times.items()}
    yield "type, first page", _query(kind)
    yield "type, last page", _query({**kind, "after": last})
    yield "created_at, first page", _query(window)
    yield "created_at, last page", _query({**window, "after": last})


def _query(arguments: dict[str, str]) -> str:
    return "/api/v1/events/?" + urlencode({**arguments, "limit": PAGE})


def _read(server: Server, path: str) -> tuple[Load, list[str]]:
    found = len(server.get(path).json())
    run = load.run(server.address, [traffic.get(path, server.place.credentials)], LIST_SECONDS)
    complaint = run.complaint(distinct=False)
    flaws = [complaint] if complaint else []
    return run, flaws if found == PAGE else [*flaws, f"the page has {found} rows, not {PAGE}"]
