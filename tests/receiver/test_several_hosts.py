"""Several hosts on one PostgreSQL database are one service, and any of their processes may die."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import httpx
import pytest

from tests.harness.followers import Events, following, take
from tests.harness.postgres import Databases
from tests.harness.service import Service
from tests.harness.service_factory import ServiceFactory
from tests.harness.waiting import PATIENCE_SECONDS, eventually
from tests.receiver.examples import Fresh, kit_event, note, pages, problem
from tests.receiver.test_health import projector

TAKE_OVER_SECONDS = 5.0
SMALL = {"DATABASE_POOL_SIZE": "2", "VIEWS_POOL_SIZE": "2"}
"""Pools for many hosts on one server, which may not take more than a hundred connections."""
KITS = "/api/v1/kits/"
REGISTRATIONS = "/api/v1/kit-registrations/"


@pytest.fixture(scope="module")
def hosts(on_postgres: ServiceFactory) -> list[Service]:
    """Start two hosts at the same moment that receive and answer, but do not project."""
    first = on_postgres.bare(1, **SMALL).prepare()
    both = [first, on_postgres.beside(first, **SMALL)]
    for host in both:
        host.serve("--no-projector")
    for host in both:
        host.wait_until_ready("/healthz")
    return both


@pytest.fixture
def projectors(hosts: list[Service]) -> Iterator[dict[int, subprocess.Popen[bytes]]]:
    """Run a projector on either host, of which one waits for the other to die."""
    with ExitStack() as stack:
        both = [stack.enter_context(projector(host)) for host in hosts]
        running = {each.pid: each for each in both}
        assert eventually(lambda: active(hosts[0]) in running)
        yield running


def active(host: Service) -> int:
    """Return the id of the process that projects."""
    ((owner,),) = host.query("SELECT owner FROM views.projector")
    return int(owner.rpartition(":")[2])


def test_hosts_are_ready_when_one_projects(hosts: list[Service]) -> None:
    for host in hosts:
        assert "projector" in problem(host.anonymous("GET", "/readyz"), 503)["detail"]

    with projector(hosts[0]):
        for host in hosts:
            host.wait_until_ready()


def test_a_follower_of_one_host_sees_what_all_have_recorded(
    hosts: list[Service], fresh: Fresh
) -> None:
    ids = [fresh() for _ in range(40)]
    with following(hosts[1]) as response:
        parts = response.iter_raw()
        with ThreadPoolExecutor(8) as threads:
            posted = [
                threads.submit(hosts[number % 2].post_webhook, note(event_id))
                for number, event_id in enumerate(ids)
            ]
        positions = [each.result().json()["position"] for each in posted]
        events = Events()
        while not set(positions) <= {position for position, _ in events.seen}:
            take(parts, len(events.seen) + 1, events)
    seen = [position for position, _ in events.seen]
    assert seen == sorted(set(seen))


@pytest.mark.usefixtures("projectors")
def test_what_one_host_acknowledged_every_host_shows(hosts: list[Service], fresh: Fresh) -> None:
    def write_here_and_read_there(writer: Service, reader: Service) -> None:
        barcode = f"HOSTS{fresh()}"
        assert writer.post_webhook(kit_event(fresh(), barcode)).status_code == 202
        shown = reader.get(f"{KITS}{barcode}/")
        made = writer.post(REGISTRATIONS, {"customer": fresh(), "kit": barcode})
        registered = reader.get(f"{REGISTRATIONS}{made.json()['id']}/")

        assert (shown.status_code, made.status_code, registered.json()) == (200, 201, made.json())
        assert "ledger-lag" not in {*shown.headers, *registered.headers}

    with ThreadPoolExecutor(4) as clients:
        pairs = [random.choices(hosts, k=2) for _ in range(60)]
        list(clients.map(lambda pair: write_here_and_read_there(*pair), pairs))


@pytest.mark.usefixtures("projectors")
def test_one_delivery_to_both_hosts_at_once_is_recorded_once(
    hosts: list[Service], fresh: Fresh
) -> None:
    for _ in range(10):
        body, start = json.dumps(note(fresh(), type="note.raced")).encode(), Barrier(8)

        def post(host: Service, body: bytes = body, start: Barrier = start) -> httpx.Response:
            start.wait()
            return host.post_webhook(body)

        with ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(post, hosts * 4))

        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
        assert len({answer.json()["position"] for answer in answers}) == 1
    raced = [pages(host, "/api/v1/events/", type="note.raced") for host in hosts]
    assert raced[0] == raced[1]
    assert len(raced[0][0]) == 10


def test_a_projector_takes_over_from_one_that_was_killed(
    hosts: list[Service], projectors: dict[int, subprocess.Popen[bytes]], fresh: Fresh
) -> None:
    victim = active(hosts[0])
    os.kill(victim, signal.SIGKILL)
    projectors[victim].wait(PATIENCE_SECONDS)
    killed = time.monotonic()
    barcode = f"ORPHAN{fresh()}"

    assert hosts[0].post_webhook(kit_event(fresh(), barcode)).status_code == 202

    assert eventually(lambda: hosts[1].get(f"{KITS}{barcode}/").status_code == 200)
    assert time.monotonic() - killed < TAKE_OVER_SECONDS
    assert {active(hosts[0])} == projectors.keys() - {victim}
    for host in hosts:
        assert host.anonymous("GET", "/readyz").status_code == 200
        assert "ledger-lag" not in host.get(KITS).headers


def test_several_sets_of_read_models_follow_one_ledger(
    hosts: list[Service],
    on_postgres: ServiceFactory,
    databases: Databases,
    tmp_path: Path,
    fresh: Fresh,
) -> None:
    places = [{}, {"VIEWS_DATABASE_URL": databases.new()}]
    places.append({"VIEWS_DATABASE_URL": f"sqlite:///{tmp_path}/views.db"})
    sets = [on_postgres.beside(hosts[0], **SMALL, **place) for place in places]
    for each in sets:
        each.serve()
    for each in sets:
        each.wait_until_ready()

    for host in hosts + sets:
        assert host.post_webhook(kit_event(fresh(), f"SETS{fresh()}")).status_code == 202
        listed = [pages(each, KITS, limit=1000) for each in sets]
        assert listed[0] == listed[1] == listed[2]
        assert sum(len(page) for page in listed[0]) > 0
    sets[1].cli("projections", "rebuild", "kits")
    assert [pages(each, KITS, limit=1000) for each in sets] == listed
    for each in sets:
        assert each.stop() == 0
