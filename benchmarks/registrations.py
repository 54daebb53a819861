"""The rows about registrations: making them, and pages of a group that has few or very many below it."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path

from benchmarks import load, memory, servers, traffic
from benchmarks.load import CONNECTIONS, Load
from benchmarks.measures import Pace, Row, side
from benchmarks.memory import Peak
from benchmarks.places import Place, make_place
from benchmarks.servers import Server
from benchmarks.webhooks import Runs, echo
from domain.aggregate import Aggregate
from domain.aggregates.claim import Claim
from domain.aggregates.group import Group
from domain.aggregates.registration import Registration
from receiver.pages import cursor

ORGANIZATION, LARGE, SMALL, FIRST_SUBGROUP = 1, 2, 3, 10
SUBGROUPS, MANY, FEW = 1000, 100_000, 10
FANOUT = 32
"""How many subgroups hang below each: the thousand are some levels deep."""
CHUNK = 5000
PAGE = FEW
SECONDS = 2
NEW_A_SECOND = 4000
"""More is prepared than any machine of ours takes in a second; too little makes the row void."""
ALLOWED = 1.5
"""How many times as long a page of the large group may take."""
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def measure(folder: Path, pace: Pace) -> tuple[list[Row], list[Peak]]:
    """Measure every row about registrations."""
    made, peaks = created_row(folder, pace)
    pages, more = page_rows(folder, pace)
    return [made, *pages], [*peaks, *more]


def created_row(folder: Path, pace: Pace) -> tuple[Row, list[Peak]]:
    """Register distinct profiles to a group, in turns with the reference, and count them again."""
    place = make_place(folder / "registering")
    _save(place, tree(0))
    registrar = "{}:{}".format(*place.parts.clients.add("registrar", ["registrar"]))
    runs, profiles = Runs(), count(1)
    with (
        servers.service(place) as server,
        servers.reference(folder / "registering-reference.log") as reference,
    ):
        for _ in range(pace.rounds):
            runs.add("reference", *echo(reference, pace.seconds))
            requests = [
                _new(profile, registrar)
                for profile in islice(profiles, NEW_A_SECOND * pace.seconds)
            ]
            runs.add("made", *_create(server, requests, pace.seconds))
        peaks = memory.of_server(server.pid, "registering")
    return Row(
        "registrations / Flask reference",
        side("registrations made", runs.loads["made"]),
        side("Flask route, constant answer", runs.loads["reference"]),
        flaws=runs.flaws["made"] + runs.flaws["reference"],
    ), peaks


def page_rows(folder: Path, pace: Pace) -> tuple[list[Row], list[Peak]]:
    """Read pages of the large group and of the small one, in turns; all are of the same length."""
    amount = min(MANY, pace.deep)
    place = make_place(folder / "groups")
    fill(place, amount)
    runs = Runs()
    with servers.service(place) as server:
        place.finish_batch()
        small = f"{_path(SMALL)}?limit={PAGE}"
        pages = dict(_pages(amount))
        for path in (small, *pages.values()):
            load.run(server.address, [traffic.get(path, place.credentials)], 1)
        for _ in range(pace.rounds):
            for name, path in pages.items():
                runs.add(f"{name} beside", *_read(server, small))
                runs.add(name, *_read(server, path))
        peaks = memory.of_server(server.pid, f"listing {amount:,} registrations")
    return [_page_row(name, amount, runs) for name in pages], peaks


def fill(place: Place, amount: int) -> None:
    """Store the tree, so many registrations spread below the large group, and few to the small one.

    Their ids are not taken from the store, which would cost a commit each: nothing is to be
    registered here afterwards.
    """
    _save(place, tree(SUBGROUPS))
    numbers = iter(range(1, amount + FEW + 1))
    while chunk := list(islice(numbers, CHUNK)):
        aggregates: list[Aggregate] = []
        for number in chunk:
            subgroup = FIRST_SUBGROUP + number % SUBGROUPS
            aggregates += registered(number, subgroup if number <= amount else SMALL)
        _save(place, aggregates)


def tree(subgroups: int) -> list[Aggregate]:
    """Make the organization: a large group with so many subgroups, and a small one."""
    root = ORGANIZATION
    groups = [(root, None), (LARGE, root), (SMALL, root)]
    for place in range(subgroups):
        above = LARGE if place < FANOUT else FIRST_SUBGROUP + place // FANOUT - 1
        groups.append((FIRST_SUBGROUP + place, above))
    made: list[Aggregate] = []
    for number, parent in groups:
        group = Group(Group.create_id(root, number))
        name = f"Group {number}"
        group.make(now=NOW, organization_id=root, group_id=number, name=name, parent_id=parent)
        made.append(group)
    return made


def registered(number: int, group: int) -> tuple[Registration, Claim]:
    """Register a profile of its own to a group, as the domain does."""
    registration = Registration(Registration.create_id(number))
    registration.register(
        now=NOW,
        organization_id=ORGANIZATION,
        registration_id=number,
        profile_id=number,
        group_id=group,
        type="patient",
    )
    claim = Claim(Claim.registration_key(ORGANIZATION, number, group, "patient"))
    claim.take(number, now=NOW, otherwise=AssertionError("every profile is there once"))
    return registration, claim


def _save(place: Place, aggregates: list[Aggregate]) -> None:
    place.parts.ledger.streams.save_aggregates(*aggregates)


def _page_row(name: str, amount: int, runs: Runs) -> Row:
    beside = f"{name} beside"
    return Row(
        f"group's {name}: {amount:,} / {FEW}",
        side(f"{amount:,} in {SUBGROUPS:,} subgroups", runs.loads[name]),
        side(f"{FEW} in one group", runs.loads[beside]),
        round(1 / ALLOWED, 3),
        runs.flaws[name] + runs.flaws[beside],
    )


def _pages(amount: int) -> Iterator[tuple[str, str]]:
    """Yield pages of the large group: each is full, as the one of the small group is."""
    first = f"{_path(LARGE)}?limit={PAGE}"
    yield "first page", first
    yield "last page", f"{first}&after={cursor([amount - PAGE])}"


def _path(group: int) -> str:
    return f"/api/organizations/{ORGANIZATION}/groups/{group}/registrations"


def _new(profile: int, credentials: str) -> bytes:
    path = f"/api/organizations/{ORGANIZATION}/profiles/{profile}/registrations"
    body = f'{{"groupID": {LARGE}, "type": "patient"}}'
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Basic {b64encode(credentials.encode()).decode()}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", body]).encode()


def _create(server: Server, requests: list[bytes], seconds: int) -> tuple[Load, list[str]]:
    """Make registrations, and count again what the ledger holds: two events for each."""
    store = server.place.parts.ledger.store
    before = store.max_notification_id()
    run = load.run(server.address, requests, seconds)
    server.place.finish_batch()
    made = (store.max_notification_id() - before) / 2
    complaint = run.complaint(distinct=True)
    flaws = [complaint] if complaint else []
    if not run.answered <= made <= run.answered + CONNECTIONS:
        flaws.append(f"wrk saw {run.answered} answers, the ledger holds {made:g} more")
    return run, flaws


def _read(server: Server, path: str) -> tuple[Load, list[str]]:
    found = len(server.get(path).json())
    run = load.run(server.address, [traffic.get(path, server.place.credentials)], SECONDS)
    complaint = run.complaint(distinct=False)
    flaws = [complaint] if complaint else []
    return run, flaws if found == PAGE else [*flaws, f"the page has {found} rows, not {PAGE}"]
