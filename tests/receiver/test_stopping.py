"""How the server ends, and what it mends by itself."""

import itertools
import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from receiver.server.gunicorn import GRACE_SECONDS
from tests.conftest import NewService
from tests.harness.raw import answer, connect, head
from tests.harness.service import Service
from tests.harness.waiting import PATIENCE_SECONDS, eventually
from tests.receiver.examples import kit_event, note, pages
from tests.receiver.test_health import total

pytestmark = pytest.mark.one_store


def running(service: Service, command: str) -> list[int]:
    """Return the ids of the service's processes that run a command, but not of gunicorn's arbiter."""
    found = []
    for process in service.processes():
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        if command.encode() in words and process != service.process.pid:  # type: ignore[union-attr]
            found.append(process)
    return found


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_it_stops_cleanly_and_finds_everything_again(
    new_service: NewService, how: signal.Signals
) -> None:
    service = new_service(1).start()
    assert service.process is not None
    service.post_webhook(kit_event(1, "STAYS"))

    service.process.send_signal(how)

    assert service.process.wait(PATIENCE_SECONDS) == 0
    assert service.processes() == []
    assert "Traceback" not in service.log()
    assert not list(service.folder.glob("kitledger-metrics-*"))
    assert service.start().get("/api/v1/kits/STAYS/").json()["status"] == "KIT_SHIPPED"


def test_what_was_begun_when_it_is_told_to_stop_is_finished(new_service: NewService) -> None:
    service = new_service().start()
    acknowledged: list[int] = []

    def post_until_it_is_gone(first: int) -> None:
        for event_id in range(first, first + 10_000):
            try:
                assert service.post_webhook(note(event_id)).status_code == 202
            except httpx.TransportError:
                return
            acknowledged.append(event_id)

    with ThreadPoolExecutor(4) as clients:
        posts = [clients.submit(post_until_it_is_gone, at * 10_000) for at in range(4)]
        assert eventually(lambda: len(acknowledged) > 50)
        assert service.stop() == 0
    assert [post.exception() for post in posts] == [None] * 4

    listed = pages(service.start(), "/api/v1/events/", limit=1000)
    assert [event["id"] for page in listed for event in page] == sorted(acknowledged)


def test_a_body_that_is_half_sent_does_not_hold_it_up(new_service: NewService) -> None:
    service = new_service(1).start()
    body = json.dumps(note(1)).encode()
    with connect(service.port) as sender:
        length = {**service.signed(body), "Content-Length": len(body)}
        sender.sendall(head("/webhooks/lab", length) + body[:-1])
        assert service.anonymous("GET", "/healthz").status_code == 200

        begun = time.monotonic()
        assert service.stop() == 0
        took = time.monotonic() - begun

        refusal = answer(sender)
        assert (refusal.status, refusal.headers["Connection"]) == (503, "close")
    assert took < GRACE_SECONDS


def test_a_connection_that_is_kept_alive_gets_one_more_answer(new_service: NewService) -> None:
    service = new_service().start()
    asking = threading.Barrier(9)

    def ask_until_told_to_go() -> int:
        """Return how many requests of a connection were answered; the last one says that it is closed."""
        with connect(service.port) as connection:
            for asked in itertools.count(1):
                connection.sendall(head("/healthz", method="GET"))
                told = answer(connection).headers["Connection"]
                if told == "close":
                    return asked
                if asked == 10:
                    asking.wait()
                time.sleep(0.1)
        raise AssertionError

    with ThreadPoolExecutor(8) as clients:
        answered = [clients.submit(ask_until_told_to_go) for _ in range(8)]
        asking.wait()
        assert service.stop() == 0

    assert all(each.result() > 10 for each in answered)


def test_a_connection_that_was_made_is_answered(new_service: NewService) -> None:
    service = new_service().start()
    answered = itertools.count()

    def ask_until_refused() -> None:
        while True:
            try:
                connection = connect(service.port)
            except ConnectionRefusedError:
                return
            with connection:
                connection.sendall(head("/healthz", {"Connection": "close"}, method="GET"))
                assert answer(connection).status == 200
            next(answered)

    with ThreadPoolExecutor(24) as clients:
        asking = [clients.submit(ask_until_refused) for _ in range(24)]
        assert eventually(lambda: next(answered) > 50)
        assert service.stop() == 0

    assert [each.exception() for each in asking] == [None] * 24


@pytest.mark.parametrize("command", ["serve", "project"])
def test_a_process_that_dies_is_replaced(new_service: NewService, command: str) -> None:
    service = new_service().start()
    for event_id in range(10):
        service.post_webhook(note(event_id))
    victim = running(service, command)[0]

    os.kill(victim, signal.SIGKILL)

    expected = service.workers if command == "serve" else 1
    assert eventually(
        lambda: victim not in service.processes() and len(running(service, command)) == expected
    )
    service.wait_until_ready()
    assert service.post_webhook(kit_event(99, "AFTER")).status_code == 202
    assert eventually(lambda: len(service.get("/api/v1/kits/").json()) == 1)
    assert total(service, "kitledger_webhooks_total", outcome="recorded") == 11


def test_told_to_stop_while_it_starts_it_does_not_hang(new_service: NewService) -> None:
    service = new_service()
    service.serve()
    assert eventually(lambda: service.log().count("Booting worker") == service.workers)
    assert service.process is not None

    service.process.terminate()

    # Workers that missed the signal would be killed when the time of grace is over.
    assert service.process.wait(GRACE_SECONDS / 2) == 0
    assert service.processes() == []


def test_no_process_outlives_a_server_that_is_killed(new_service: NewService) -> None:
    service = new_service(1).start()
    assert service.process is not None

    os.kill(service.process.pid, signal.SIGKILL)
    service.process.wait(PATIENCE_SECONDS)

    assert eventually(lambda: service.processes() == [])
    service.start().post_webhook(kit_event(1, "AGAIN"))
    assert len(service.get("/api/v1/kits/").json()) == 1
