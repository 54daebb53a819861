"""The ratios about registrations: making them, and listing a group with few or many of them."""

from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from benchmarks import load, memory, registration_data, servers, traffic
from benchmarks.auditing import as_of_ratio
from benchmarks.load import CONNECTIONS, Load
from benchmarks.measures import LoadRuns, Profile, Ratio, measurement
from benchmarks.memory import Peak
from benchmarks.registration_data import LARGE, ORGANIZATION, SMALL, SMALL_SIZE, SUBGROUPS
from benchmarks.servers import Server
from benchmarks.store_under_test import LOADER, make_store
from benchmarks.workloads import call_reference, read_page
from receiver.pages import cursor

LARGE_SIZE = 100_000
PAGE = SMALL_SIZE
SECONDS = 2
REQUESTS_PER_SECOND = 4000
"""More than a machine takes in a second; too few requests make a run void."""
MAX_SLOWDOWN = 1.5
"""How many times as long as a page of the small group a page of the large one may take."""


def measure(folder: Path, profile: Profile) -> tuple[list[Ratio], list[Peak]]:
    """Measure all ratios about registrations."""
    made, peaks = registering_ratio(folder, profile)
    pages, page_peaks = page_ratios(folder, profile)
    return [made, *pages], [*peaks, *page_peaks]


def registering_ratio(folder: Path, profile: Profile) -> tuple[Ratio, list[Peak]]:
    """Register distinct profiles to a group, in turns with the reference."""
    store = make_store(folder / "registering")
    registration_data.save(store, registration_data.tree(0))
    registrar = "{}:{}".format(*store.services.clients.add("registrar", ["registrar"], LOADER))
    runs, profiles = LoadRuns(), count(1)
    with (
        servers.service(store) as server,
        servers.reference(folder / "registering-reference.log") as reference,
    ):
        for _ in range(profile.rounds):
            runs.add("reference", *call_reference(reference, profile.seconds))
            numbers = islice(profiles, REQUESTS_PER_SECOND * profile.seconds)
            requests = [_registration_request(number, registrar) for number in numbers]
            runs.add("made", *_register(server, requests, profile.seconds))
        peaks = memory.of_server(server.pid, "registering")
    return Ratio(
        "registrations / Flask reference",
        measurement("registrations made", runs.loads["made"]),
        measurement("Flask route, constant answer", runs.loads["reference"]),
        problems=runs.problems["made"] + runs.problems["reference"],
    ), peaks


def page_ratios(folder: Path, profile: Profile) -> tuple[list[Ratio], list[Peak]]:
    """Read pages of equal length of the large group and of the small one, in turns."""
    amount = min(LARGE_SIZE, profile.stored_events)
    store = make_store(folder / "groups")
    registration_data.fill(store, amount)
    runs = LoadRuns()
    with servers.service(store) as server:
        store.wait_until_projected()
        small = f"{_path(SMALL)}?limit={PAGE}"
        pages = dict(_pages(amount))
        for path in (small, *pages.values()):
            load.run(server.address, [traffic.get(path, store.credentials)], 1)
        for _ in range(profile.rounds):
            for name, path in pages.items():
                runs.add(f"{name}, baseline", *read_page(server, small, PAGE, SECONDS))
                runs.add(name, *read_page(server, path, PAGE, SECONDS))
        peaks = memory.of_server(server.pid, f"listing {amount:,} registrations")
        path = f"{_path(LARGE)}?limit={PAGE}"
        past = as_of_ratio(server, "a group's registrations", path, PAGE, profile)
    return [*(_page_ratio(name, amount, runs) for name in pages), past], peaks


def _page_ratio(name: str, amount: int, runs: LoadRuns) -> Ratio:
    baseline = f"{name}, baseline"
    return Ratio(
        f"group's {name}: {amount:,} / {SMALL_SIZE}",
        measurement(f"{amount:,} in {SUBGROUPS:,} subgroups", runs.loads[name]),
        measurement(f"{SMALL_SIZE} in one group", runs.loads[baseline]),
        round(1 / MAX_SLOWDOWN, 3),
        runs.problems[name] + runs.problems[baseline],
    )


def _pages(amount: int) -> Iterator[tuple[str, str]]:
    """Yield the name and the path of full pages of the large group."""
    first = f"{_path(LARGE)}?limit={PAGE}"
    yield "first page", first
    yield "last page", f"{first}&after={cursor([amount - PAGE])}"


def _path(group: int) -> str:
    return f"/api/organizations/{ORGANIZATION}/groups/{group}/registrations"


def _registration_request(profile: int, credentials: str) -> bytes:
    path = f"/api/organizations/{ORGANIZATION}/profiles/{profile}/registrations"
    body = f'{{"groupID": {LARGE}, "type": "patient"}}'.encode()
    return traffic.post(path, body, traffic.basic_auth(credentials))


def _register(server: Server, requests: list[bytes], seconds: int) -> tuple[Load, list[str]]:
    """Send the requests, and check that the ledger has two new events for each answer."""
    before = server.store.head()
    run = load.run(server.address, requests, seconds)
    server.store.wait_until_projected()
    made = (server.store.head() - before) / 2
    problems = run.problems(distinct=True)
    if not run.answered <= made <= run.answered + CONNECTIONS:
        problems.append(f"wrk saw {run.answered} answers, the ledger holds {made:g} more")
    return run, problems
