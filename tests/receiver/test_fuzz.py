"""Bytes made from a seed: no 500, no HTML, no answer that contradicts what is stored, memory flat.

KITLEDGER_FUZZ is the number of requests, for a longer run.
"""

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random

import pytest

from tests.conftest import NewService
from tests.harness.effort import effort
from tests.harness.fuzz import Conversation, answers, conversation, value
from tests.harness.raw import connect
from tests.harness.service import Service
from tests.receiver.examples import pages

REQUESTS = int(os.environ.get("KITLEDGER_FUZZ", effort(600, 3_000)))
SEED = 20_171_124
TALKERS = 8
HONEST = {501, 503, 505}
"""The statuses from 500 that a server may have for what it was sent."""
SPARE_MIB = 24


class Talk:
    """Conversations with a service, and the event ids that it recorded in them."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.recorded: list[int] = []
        self.requests = 0
        self._ids = count(1)

    def hold(self, number: int) -> None:
        """Hold the conversation with this number, and check its answers."""
        made = conversation(Random(SEED + number), self.service, lambda: next(self._ids))
        self.requests += made.requests
        received = exchange(self.service.port, made)
        try:
            found = answers(received, made)
            for place, (status, headers, body) in enumerate(found):
                check_answer(status, headers, body, silent=place in made.heads)
                if place in made.events and status == 202:
                    assert value(body)["id"] == made.events[place]
                    self.recorded.append(made.events[place])
            assert len(found) <= made.requests + 1
        except (AssertionError, ValueError, KeyError) as error:
            sent = b"".join(made.pieces)
            raise AssertionError(f"conversation {number}: {sent!r}\n{received!r}") from error


def exchange(port: int, made: Conversation) -> bytes:
    """Send a conversation's pieces, and return everything that comes back until the server closes."""
    received = b""
    with connect(port) as connection:
        try:
            for piece in made.pieces:
                connection.sendall(piece)
                time.sleep(made.pause)
            # Fails if the server has closed meanwhile; its answer can still be read.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                received += piece
        except ConnectionError:
            # The server has refused a request and closed, while more was being sent.
            pass
    return received


def check_answer(status: int, headers: dict[str, str], body: bytes, *, silent: bool) -> None:
    """Check that an answer is one of ours."""
    assert status < 500 or status in HONEST, (status, body)
    assert headers["x-request-id"].isprintable()
    if status >= 400:
        assert headers["content-type"] == "application/problem+json", (status, headers)
        assert silent or value(body)["status"] == status


def resident_mib(service: Service) -> int:
    """Return the memory of all processes of a service."""
    sizes = [
        Path(f"/proc/{process}/statm").read_text().split()[1] for process in service.processes()
    ]
    return sum(map(int, sizes)) * 4096 // 2**20


@pytest.mark.one_store
def test_no_bytes_make_it_fail_lie_or_grow(new_service: NewService) -> None:
    service = new_service(2, LOG_LEVEL="error").start()
    talk = Talk(service)
    numbers = count()

    def until(requests: int) -> None:
        with ThreadPoolExecutor(TALKERS) as talkers:
            while talk.requests < requests:
                list(talkers.map(talk.hold, [next(numbers) for _ in range(50)]))

    until(REQUESTS // 2)
    before = resident_mib(service)
    until(REQUESTS)

    assert resident_mib(service) < before + SPARE_MIB
    stored = [row["id"] for page in pages(service, "/api/v1/events/", limit=1000) for row in page]
    assert len(stored) == len(set(stored))
    assert set(talk.recorded) <= set(stored)
    assert len(talk.recorded) > REQUESTS // 20, "there were sound webhooks among them"
    shown = [row["barcode"] for page in pages(service, "/api/v1/kits/", limit=1000) for row in page]
    assert sorted(shown) == sorted(f"FUZZ{event_id}" for event_id in stored)
    assert "Traceback" not in service.log()
