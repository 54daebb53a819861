"""A read as of a position answers what a ledger answers that ends there."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections import snapshots
from store import stored_rows
from tests.harness.effort import effort
from tests.harness.in_process import InProcess
from tests.harness.service import Service
from tests.harness.service_factory import ServiceFactory
from tests.harness.stores import Stores
from tests.harness.twin import Twin
from tests.receiver.examples import Fresh, kit_event, note, position, problem
from tests.receiver.histories import Step, Told, histories

KITS = "/api/v1/kits/"
MOST_PAGES = 12
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def told_to(services: ServiceFactory, prepared: Service) -> Service:
    """Start a service whose ledger holds only the histories of this module."""
    return services.like(prepared, 1).start()


@pytest.fixture(scope="module")
def twin(
    told_to: Service, stores: Stores, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twin]:
    """Make a second ledger, which follows the first by its events."""
    with stores.empty() as url:
        named = {"DATABASE_URL": url, "VIEWS_DATABASE_URL": url} if "postgres" in url else {}
        made = Twin(told_to, tmp_path_factory.mktemp("twin"), **named)
        yield made
        made.close()


def unpinned(link: str | None) -> str | None:
    """Return a Link without the position as of which it goes on."""
    if link is None:
        return None
    url = httpx.URL(link[link.index("<") + 1 : link.index(">")])
    return str(url.copy_remove_param("as_of_position"))


def as_of(path: str, **moment: Any) -> str:
    """Return the address of what was there at a moment."""
    return str(httpx.URL(path).copy_merge_params(moment))


def next_page(link: str) -> str:
    """Return the address in a Link."""
    return link[link.index("<") + 1 : link.index(">")]


def assert_same(service: Service, twin: Twin, path: str, moment: int) -> None:
    """Follow a list, or get a thing, on both sides: bodies, statuses and Links are the same."""
    then, live = as_of(path, as_of_position=moment), path
    for _ in range(MOST_PAGES):
        old, new = service.get(then), twin.get(live)
        link = old.headers.get("link")
        assert (old.status_code, old.content) == (new.status_code, new.data), then
        assert unpinned(link) == unpinned(new.headers.get("link")), then
        assert old.headers["ledger-position"] == str(moment)
        assert old.headers["cache-control"] == "private, immutable"
        if link is None:
            assert old.headers.get("etag") == new.headers.get("etag")
            return
        assert httpx.URL(next_page(link)).params["as_of_position"] == str(moment)
        then, live = next_page(link), next_page(new.headers["link"])


@given(story=histories(), parts=st.lists(st.floats(0, 1), min_size=2, max_size=2))
@settings(max_examples=effort(6, 60), deadline=None)
def test_a_read_as_of_a_position_is_that_of_a_ledger_which_ends_there(
    told_to: Service, twin: Twin, fresh: Fresh, story: list[Step], parts: list[float]
) -> None:
    told, before = Told(told_to, fresh()), position(told_to)
    for step in story:
        step(told)
    news = position(told_to) - before

    for moment in sorted(before + round(part * news) for part in parts):
        twin.move_to(moment)
        for path in told.paths():
            assert_same(told_to, twin, path, moment)


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[InProcess]:
    """Give the service within this process."""
    made = InProcess(tmp_path)
    yield made
    made.close()


@pytest.mark.one_store
def test_an_answer_as_of_a_position_never_changes(inside: InProcess) -> None:
    inside.post_webhook([kit_event(n, f"K{n % 50}") for n in range(200)])
    inside.ask("POST", "/api/v1/kit-registrations/", {"customer": 1, "kit": "K1"})
    inside.get(KITS)
    moment = inside.services.ledger.store.max_notification_id()
    paths = [KITS, f"{KITS}K7/", "/api/v1/events/", "/api/v1/kit-registrations/1/"]
    addresses = [as_of(path, as_of_position=moment) for path in paths]
    before = [inside.ask("GET", address) for address in addresses]

    for first in range(200, effort(2000, 10_000), 600):
        kits = [kit_event(n, f"K{n % 60}", "KIT_FAILED") for n in range(first, first + 600)]
        assert inside.post_webhook(kits).status_code == 202
    changed = {"verification_date": "2017-11-24"}
    assert inside.ask("PATCH", "/api/v1/kit-registrations/1/", changed).status_code == 200
    while inside.get(f"{KITS}K7/")["status"] != "KIT_FAILED":
        pass

    after = [inside.ask("GET", address) for address in addresses]
    assert [answer.data for answer in after] == [answer.data for answer in before]
    assert [answer.headers["etag"] for answer in after] == [
        answer.headers["etag"] for answer in before
    ]
    known = {"If-None-Match": after[0].headers["etag"]}
    unchanged = inside.ask("GET", addresses[0], headers=known)
    assert (unchanged.status_code, unchanged.headers["cache-control"]) == (
        304,
        "private, immutable",
    )


@pytest.mark.one_store
def test_a_time_means_the_last_position_that_was_recorded_until_then(
    inside: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Later than what was recorded when the service was made.
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    hosts = [noon + timedelta(hours=each) for each in (0, 2, 1, -5, 2, 3, -1, 3)]
    for number, clock in enumerate(hosts):
        nanoseconds = int(clock.timestamp()) * 10**9
        monkeypatch.setattr(stored_rows, "time", SimpleNamespace(time_ns=lambda n=nanoseconds: n))
        inside.post_webhook(note(number))
    inside.get(KITS)
    recorded = inside.services.ledger.store.select_notifications(1, 100)
    times = [noon + timedelta(hours=each) for each in (0, 2, 2, 2, 2, 3, 3, 3)]
    assert [each.recorded_at for each in recorded[-8:]] == [
        int(each.timestamp()) * 10**6 for each in times
    ]

    for moment in {each + more for each in hosts for more in (-MICROSECOND, 0 * MICROSECOND)}:
        wanted = [each.id for each in recorded if each.recorded_at <= moment.timestamp() * 10**6]
        then = inside.ask("GET", as_of("/api/v1/events/", as_of=moment.isoformat()))
        same = as_of("/api/v1/events/", as_of_position=max(wanted, default=0))
        assert then.headers["ledger-position"] == str(max(wanted, default=0))
        assert then.data == inside.ask("GET", same).data
        assert "cache-control" not in then.headers


@pytest.mark.one_store
def test_pages_of_a_time_go_on_as_of_its_position(inside: InProcess) -> None:
    inside.post_webhook([note(1), note(2)])
    inside.get(KITS)
    now = datetime.now(UTC).isoformat()
    first = inside.ask("GET", "/api/v1/events/", query_string={"as_of": now, "limit": 1})
    inside.post_webhook(note(3))

    link = httpx.URL(next_page(first.headers["link"]))
    assert "as_of" not in link.params
    assert link.params["as_of_position"] == first.headers["ledger-position"]
    second = inside.ask("GET", str(link))
    assert ([each["id"] for each in second.json], second.headers.get("link")) == ([2], None)


@pytest.mark.one_store
def test_an_answer_that_lags_behind_its_position_may_change(
    inside: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "CATCH_UP_SECONDS", 0.0)
    inside.post_webhook(kit_event(1, "K"))
    head = inside.services.ledger.store.max_notification_id()
    address = as_of(f"{KITS}K/", as_of_position=head)

    behind = inside.ask("GET", address)
    inside.get(KITS)
    there = inside.ask("GET", address)

    assert (behind.status_code, behind.headers["ledger-lag"]) == (404, str(head))
    assert "cache-control" not in behind.headers
    assert (there.status_code, there.headers["cache-control"]) == (200, "private, immutable")
    assert "ledger-lag" not in there.headers


@pytest.mark.one_store
@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"as_of": "2020-01-01", "as_of_position": 1}, {"as_of", "as_of_position"}),
        ({"as_of_position": 10**9}, {"as_of_position"}),
        ({"as_of": "2999-01-01"}, {"as_of"}),
        ({"as_of": "yesterday"}, {"as_of"}),
        ({"as_of_position": "-1"}, {"as_of_position"}),
        ({"as_of_position": "1.5"}, {"as_of_position"}),
        ({"as_of": ""}, {"as_of"}),
    ],
)
def test_a_moment_that_never_was_is_refused(
    service: Service, query: dict[str, Any], fields: set[str]
) -> None:
    for path in (KITS, f"{KITS}NONE/", "/api/v1/events/"):
        refusal = service.get(path, params=query)
        assert set(problem(refusal, 400)["errors"]) == fields
        assert "cache-control" not in refusal.headers


@pytest.mark.one_store
def test_every_read_of_a_resource_takes_a_moment_and_nothing_else_does(service: Service) -> None:
    document = service.get("/openapi.json").json()
    parameters = {f"#/components/parameters/{name}" for name in ("as_of", "as_of_position")}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in {"get", "post", "put", "patch", "delete"}:
                continue
            given = {each.get("$ref") for each in operation.get("parameters", [])}
            # The feed is what happened, which has no moment; a proof is of the newest checkpoint.
            timeless = path in {"/api/v1/feed/", "/api/v1/audit/proofs/{position}"}
            takes = method == "get" and path.startswith("/api/") and not timeless
            assert parameters & given == (parameters if takes else set()), (method, path)
            if takes:
                asked = re.sub(r"\{(?:barcode|name)\}", "lab", path)
                answer = service.get(as_of(re.sub(r"\{\w+\}", "0", asked), as_of_position=0))
                assert answer.status_code in {200, 404}, path
                assert answer.headers["ledger-position"] == "0", path
