"""The feed: what was recorded, in the order of positions, nothing skipped and nothing twice."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.feed.broadcast import PART_CHARACTERS, Broadcast
from receiver.feed.items import Filter, Item
from receiver.server import streams as server_streams
from tests.conftest import NewService
from tests.harness.effort import effort
from tests.harness.followers import STREAM, Events, following, take
from tests.harness.service import Service
from tests.harness.waiting import eventually
from tests.receiver.examples import Fresh, problem

FEED = "/api/v1/feed/"


@pytest.fixture
def sender(service: Service, name: str) -> str:
    """Give a source of this test's own."""
    service.add_source(name)
    return name


def announce(service: Service, source: str, *numbers: int, **more: Any) -> list[int]:
    """Post an event of each number; return the positions."""
    bodies = [{"id": n, "type": "sampled", "data": {"n": n}, **more} for n in numbers]
    return [service.post_webhook(each, source).json()["position"] for each in bodies]


def head(service: Service) -> int:
    [(position,)] = service.query("SELECT max(position) FROM stored_events")
    return int(position)


def test_an_item_says_what_was_recorded_and_when(service: Service, sender: str) -> None:
    at = "2017-11-24 10:00:00"
    [position] = announce(service, sender, 7, created_at=at)
    [item] = service.get(f"{FEED}?source={sender}&after={position - 1}").json()
    assert item.pop("recorded_at").startswith("20")
    assert item == {
        "position": position,
        "source": sender,
        "id": 7,
        "type": "sampled",
        "created_at": at,
        "data": {"n": 7},
    }


def test_page_after_page_every_event_comes_once_and_in_order(service: Service, sender: str) -> None:
    positions = announce(service, sender, 9, 1, 5, 3, 7)
    found, path = [], f"{FEED}?source={sender}&after={positions[0] - 1}&limit=2"
    while len(found) < 5:
        page = service.get(path)
        found += page.json()
        path = page.links["next"]["url"]
    assert [each["id"] for each in found] == [9, 1, 5, 3, 7]
    assert [each["position"] for each in found] == positions
    empty = service.get(path)
    assert empty.json() == []
    assert "after=" in empty.links["next"]["url"]


def test_an_event_that_comes_late_is_seen_by_who_has_read_further(
    service: Service, sender: str
) -> None:
    [later] = announce(service, sender, 99)
    announce(service, sender, 1)
    assert [each["id"] for each in service.get(f"{FEED}?after={later}&source={sender}").json()] == [
        1
    ]


def test_a_filter_by_type(service: Service, sender: str) -> None:
    start = head(service)
    announce(service, sender, 1)
    announce(service, sender, 2, type="other")
    found = service.get(f"{FEED}?after={start}&source={sender}&type=other").json()
    assert [each["id"] for each in found] == [2]


def test_what_replaces_an_event_is_an_item_of_its_own(service: Service, sender: str) -> None:
    [first] = announce(service, sender, 1)
    other = {"id": 1, "type": "sampled", "data": {"n": 2}}
    held = service.post_webhook(other, sender).json()["quarantine"]
    service.here("quarantine", "release", str(held), "--yes")
    found = service.get(f"{FEED}?after={first - 1}&source={sender}").json()
    assert [each["data"] for each in found] == [{"n": 1}, {"n": 2}]


def test_a_reader_waits_for_the_next_event(service: Service, sender: str) -> None:
    start, answers = head(service), []

    def wait() -> None:
        answers.append(
            service.get(f"{FEED}?after={start}&source={sender}", headers={"Prefer": "wait=20"})
        )

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.2)
    announce(service, sender, 5)
    waiting.join(20)
    assert [each["id"] for each in answers[0].json()] == [5]
    assert answers[0].headers["preference-applied"] == "wait=20"


def test_a_wait_without_an_event_ends_with_an_empty_page(service: Service, sender: str) -> None:
    prefer = {"Prefer": "respond-async, Wait=1"}
    answer = service.get(f"{FEED}?after={head(service)}&source={sender}", headers=prefer)
    assert (answer.status_code, answer.json()) == (200, [])


def test_a_stream_gives_what_was_and_what_comes(service: Service, sender: str) -> None:
    before = announce(service, sender, 1, 2)
    with following(service, f"?source={sender}&after={before[0] - 1}") as response:
        assert response.headers["content-type"].startswith(STREAM)
        assert response.headers["cache-control"] == "no-cache"
        parts = response.iter_raw()
        events = take(parts, 2, Events())
        after = announce(service, sender, 3)
        take(parts, 3, events)
    assert [position for position, _ in events.seen] == [*before, *after]


@pytest.fixture(scope="module")
def told(services: Any, prepared: Service) -> Service:
    """Give a running service with thirty events, to which nobody adds any."""
    service: Service = services.like(prepared, 1).start()
    announce(service, "lab", *range(1, 31))
    return service


@given(cuts=st.lists(st.integers(0, 4000), max_size=6))
@settings(max_examples=effort(15, 60))
def test_cut_at_any_byte_and_resumed_every_event_comes_once(told: Service, cuts: list[int]) -> None:
    events = Events()
    for cut in [*cuts, None]:
        resumed = {"Last_Event_ID": events.last} if events.last else {}
        # What was cut within an event is lost with its connection.
        events = Events(events.last, events.seen)
        with following(told, "?source=lab", **resumed) as response:
            parts = response.iter_raw()
            if cut is None:
                take(parts, 30, events)
                break
            taken = b""
            while len(taken) < cut and len(events.seen) < 30 and (part := next(parts, b"")):
                events.feed(part[: cut - len(taken)])
                taken += part
    assert [item["id"] for _, item in events.seen] == list(range(1, 31))


def test_the_head_of_a_stream_ends_at_once(service: Service) -> None:
    answer = service.request("HEAD", FEED, headers={"Accept": STREAM})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith(STREAM)


@pytest.mark.parametrize(
    "accept", ["text/event-stream;q=0.5, application/json", "*/*", "text/html"]
)
def test_who_does_not_prefer_a_stream_gets_a_page(service: Service, accept: str) -> None:
    answer = service.get(f"{FEED}?limit=1", headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("sent", ["x", "-1", "1.5", "9" * 30])
def test_a_last_event_id_that_is_no_position_is_refused(service: Service, sent: str) -> None:
    problem(service.get(FEED, headers={"Accept": STREAM, "Last-Event-ID": sent}), 400)


@pytest.mark.parametrize("query", ["?after=x", "?after=-1", "?limit=0", "?before=1"])
def test_a_query_that_the_feed_does_not_know_is_refused(service: Service, query: str) -> None:
    problem(service.get(f"{FEED}{query}"), 400)


def test_a_client_of_one_organization_does_not_see_it(service: Service, fresh: Fresh) -> None:
    bound = service.add_client("reader", options=("--organization", str(fresh())))
    problem(service.get(FEED, auth=bound), 404)


@pytest.mark.one_store
def test_every_ten_seconds_a_follower_learns_how_far_others_have_come_or_that_it_was_revoked(
    service: Service, sender: str
) -> None:
    start, client, done = head(service), service.add_client("reader"), threading.Event()
    busy = f"{sender}-busy"
    service.add_source(busy)

    def post() -> None:
        number = 0
        while not done.wait(0.2):
            announce(service, busy, number := number + 1)

    posting = threading.Thread(target=post)
    posting.start()
    query = f"?source={sender}&after={start}"
    try:
        with (
            following(service, query, auth=client) as revoked,
            following(service, query) as allowed,
        ):
            service.here("clients", "revoke", client[0])
            parts = b"".join(revoked.iter_raw())
            events = Events()
            for part in allowed.iter_raw():
                events.feed(part)
                if events.last:
                    break
    finally:
        done.set()
        posting.join()
    assert b"data:" not in parts
    assert events.seen == []
    assert int(events.last) > start + 10


def test_a_stream_of_which_nothing_is_taken_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_streams, "SLOW_SECONDS", 0.01)
    streams, this = server_streams.Streams(), threading.get_ident()
    with streams.open() as sending:
        part = sending(b"part")
        time.sleep(0.02)
        assert not streams.is_slow(this)
        next(part)
        time.sleep(0.02)
        assert streams.is_slow(this)
        assert list(part) == []
        assert not streams.is_slow(this)
    assert this not in streams


def test_a_follower_that_is_behind_gets_a_part_at_a_time() -> None:
    items = [Item(n, "lab", "sampled", "x" * (PART_CHARACTERS // 2)) for n in range(1, 8)]
    broadcast = Broadcast(lambda after: (items[after:], max(after, 7)), lambda: 0)
    reached, seen = 0, list[int]()
    with broadcast.following():
        while reached < 7:
            broadcast.wait(reached, 5)
            found, reached = broadcast.after(reached, Filter())
            assert len(found) <= 2
            seen += [each.position for each in found]
    assert seen == [*range(1, 8)]


def test_the_server_stops_although_somebody_follows(new_service: NewService) -> None:
    service = new_service(1).start()
    with following(service) as response:
        assert next(response.iter_raw()).startswith(b"retry")
        begun = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - begun < 5


def test_hundreds_of_streams_cost_no_thread_and_no_connection(
    service: Service, sender: str, fresh: Callable[[], int]
) -> None:
    seen: list[list[int]] = []
    opened = threading.Barrier(101)
    start, before = head(service), count_connections(service)

    def follow() -> None:
        with following(service, f"?after={start}&source={sender}") as response:
            events = Events()
            for part in response.iter_raw():
                events.feed(part)
                if part.startswith(b"retry"):
                    opened.wait(30)
                if len(events.seen) == 3:
                    seen.append([position for position, _ in events.seen])
                    return

    followers = [threading.Thread(target=follow) for _ in range(100)]
    for each in followers:
        each.start()
    opened.wait(30)
    threads = sum(len(list_threads(pid)) for pid in service.processes())
    assert open_streams(service) >= 100
    assert count_connections(service) < before + 20
    positions = announce(service, sender, 1, 2, 3)
    for each in followers:
        each.join(30)
    assert seen == [positions] * 100
    assert threads < 60
    assert eventually(lambda: service.get(f"{FEED}?after={start}").status_code == 200)


def open_streams(service: Service) -> float:
    lines = service.get("/metrics").text.splitlines()
    [value] = [each.split()[1] for each in lines if each.startswith("kitledger_feed_streams")]
    return float(value)


def count_connections(service: Service) -> int:
    """Return the number of connections to PostgreSQL, or 0 on SQLite."""
    if not service.environment["DATABASE_URL"].startswith("postgresql"):
        return 0
    statement = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    [(number,)] = service.query(statement)
    return int(number)


def list_threads(pid: int) -> list[str]:
    return [each.name for each in Path(f"/proc/{pid}/task").iterdir()]
