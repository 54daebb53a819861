"""Strangers who hold connections and bodies open, and honest senders beside them."""

import json
import resource
import socket
import time
from contextlib import ExitStack
from io import BytesIO
from types import SimpleNamespace

import gevent
import pytest
from gevent import socket as gevent_socket
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

from receiver.admission import STALLED_SECONDS, Arrival, Arrivals
from receiver.errors import Overloaded
from receiver.server import waits
from receiver.server.gunicorn import CONNECTIONS
from receiver.server.waits import TimedBody, Wait
from tests.conftest import NewService
from tests.harness.effort import LONG
from tests.harness.raw import answer, connect, connections, head
from tests.harness.service import Service
from tests.receiver.examples import Fresh, note
from tests.receiver.test_health import total

pytestmark = pytest.mark.one_store
MIB = 1024 * 1024
PROMISE = head("/webhooks/lab", {"Content-Length": MIB})


def body_of(fresh: Fresh, size: int = 0) -> bytes:
    return json.dumps(note(fresh())).encode().ljust(size)


def test_promises_of_bodies_keep_no_honest_webhook_out(service: Service, fresh: Fresh) -> None:
    with ExitStack() as stack:
        for stranger in connections(stack, service.port, 40):
            stranger.sendall(PROMISE)

        answers = [service.post_webhook(body_of(fresh)) for _ in range(4)]
        large = [service.post_webhook(body_of(fresh, MIB)) for _ in range(2)]

    assert {each.status_code for each in answers + large} == {202}


def test_what_is_held_for_strangers_keeps_no_honest_webhook_out(
    service: Service, fresh: Fresh
) -> None:
    with ExitStack() as stack:
        for stranger in connections(stack, service.port, 40):
            stranger.sendall(PROMISE + b" " * (MIB - 1))
        time.sleep(STALLED_SECONDS)

        small = [service.post_webhook(body_of(fresh)) for _ in range(4)]
        large = [service.post_webhook(body_of(fresh, MIB)) for _ in range(2)]

    assert {each.status_code for each in small + large} == {202}


def test_many_small_events_in_chunks_are_all_taken(service: Service, fresh: Fresh) -> None:
    with ExitStack() as stack:
        senders = []
        for sender in connections(stack, service.port, 120):
            body = body_of(fresh)
            chunked = {**service.signed(body), "Transfer-Encoding": "chunked"}
            sender.sendall(head("/webhooks/lab", chunked) + b"5\r\n" + body[:5])
            senders.append((sender, body[5:]))
        for sender, rest in senders:
            sender.sendall(b"\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(rest), rest))

        assert {answer(sender).status for sender, _ in senders} == {202}


def test_a_larger_limit_gives_strangers_no_more_power(
    new_service: NewService, fresh: Fresh
) -> None:
    service = new_service(1, MAX_BODY_BYTES=str(32 * MIB)).start()
    with ExitStack() as stack:
        for stranger in connections(stack, service.port, 2):
            stranger.sendall(head("/webhooks/lab", {"Content-Length": 32 * MIB}))

        assert service.post_webhook(body_of(fresh, 2 * MIB)).status_code == 202


def test_more_idle_connections_than_a_worker_serves_keep_nobody_out(
    new_service: NewService, fresh: Fresh
) -> None:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    service = new_service(1).start()
    with ExitStack() as stack:
        connections(stack, service.port, CONNECTIONS + 100)

        begun = time.monotonic()
        assert service.post_webhook(body_of(fresh)).status_code == 202
        assert time.monotonic() - begun < 20


def test_a_body_that_breaks_off_is_not_taken_for_a_wrong_signature(
    service: Service, fresh: Fresh
) -> None:
    body = body_of(fresh)
    with ExitStack() as stack:
        (sender,) = connections(stack, service.port, 1)
        length = {"Content-Length": len(body)}
        sender.sendall(head("/webhooks/lab", service.signed(body) | length) + body[:-1])
        sender.shutdown(socket.SHUT_WR)

        assert answer(sender).status == 400


def test_large_bodies_that_arrive_have_a_bounded_share() -> None:
    arrivals = Arrivals(10)

    with Arrival(arrivals, Stream()) as first, Arrival(arrivals, Stream()) as second:
        first.hold(6)
        with pytest.raises(Overloaded):
            second.hold(6)
        second.hold(4)
    with Arrival(arrivals, Stream()) as third:
        third.hold(10)


def test_a_body_that_stalls_gives_up_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("receiver.admission.STALLED_SECONDS", 0.0)
    arrivals, stalled = Arrivals(10), Stream()

    with Arrival(arrivals, stalled) as first, Arrival(arrivals, Stream()) as second:
        first.hold(10)
        second.hold(6)
        assert stalled.interrupted
    with Arrival(arrivals, Stream()) as third:
        third.hold(10)


class Stream:
    """A body whose sender waits."""

    interrupted = False

    def interrupt(self) -> None:
        self.interrupted = True


class Sender:
    """A sender and the body that the worker reads from it."""

    def __init__(self, sent: bytes) -> None:
        self.mine, theirs = gevent_socket.socketpair()
        self.mine.sendall(sent)
        self.waiting: dict[Wait, gevent.Greenlet] = {}
        self.request = next(RequestParser(Config(), theirs, ("", 0)))
        self.body = TimedBody(self.request, self.waiting)

    def trickle(self) -> None:
        for _ in range(100):
            self.mine.sendall(b" ")
            gevent.sleep(0.02)

    def end_what_is_overdue(self) -> None:
        while True:
            gevent.sleep(0.02)
            waits.interrupt_overdue(self.waiting)


@pytest.mark.parametrize("limit", ["PIECE_SECONDS", "BODY_SECONDS"])
def test_a_body_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(waits, limit, 0.1)
    sender = Sender(PROMISE)
    background = [gevent.spawn(sender.trickle), gevent.spawn(sender.end_what_is_overdue)]

    with pytest.raises(TimeoutError):
        sender.body.read(MIB)

    assert sender.request.should_close()
    gevent.killall(background)


@pytest.mark.skipif(not LONG, reason="it takes as long as a sender may")
def test_a_sender_that_is_too_slow_is_told_so(service: Service) -> None:
    with connect(service.port) as sender:
        sender.sendall(PROMISE)

        refusal = answer(sender)

    assert (refusal.status, refusal.headers["Connection"]) == (408, "close")
    assert total(service, "kitledger_webhooks_total", outcome="too-slow") >= 1


def test_an_interrupted_body_is_told_from_a_slow_one() -> None:
    sender = Sender(PROMISE)
    gevent.spawn_later(0.01, sender.body.interrupt)

    with pytest.raises(InterruptedError):
        sender.body.read(MIB)

    sender.body.interrupt()
    gevent.sleep(0)
    assert sender.waiting == {}


def test_a_body_can_be_read_whole_without_a_size() -> None:
    request = SimpleNamespace(body=BytesIO(b"whole"), unreader=SimpleNamespace())

    assert TimedBody(request, {}).read() == b"whole"
