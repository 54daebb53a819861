"""A process that keeps many streams of the feed open, and notes when events arrive on some of them."""

import multiprocessing
import re
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection

from benchmarks import traffic
from benchmarks.servers import Server
from benchmarks.waiting import TimedOut
from tests.harness.raw import connect

SAMPLED = 10
"""How many streams are parsed; of the others the bytes are only taken."""
OPEN_SECONDS = 60.0
CHUNK = 256 * 1024
EVENT = re.compile(rb"id: ([0-9]+)\ndata: ")
Arrivals = list[tuple[int, float]]
"""The positions of events, and the moments of their arrival on the monotonic clock."""


class Followers:
    """The streams of another process."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def arrivals(self) -> Arrivals:
        """Close the streams, and return what arrived on the sampled ones."""
        self._pipe.send("close")
        found: Arrivals = self._pipe.recv()
        return found


@contextmanager
def following(server: Server, number: int) -> Iterator[Followers]:
    """Open streams of what is recorded from now on; raises TimedOut."""
    here, there = multiprocessing.Pipe()
    request = traffic.follow(f"/api/v1/feed/?after={server.store.head()}", server.store.credentials)
    port = int(server.address.rpartition(":")[2])
    # Not a copy of this process, whose threads and connections would be copied half.
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_follow, args=(port, request, number, there), daemon=True)
    process.start()
    try:
        if not here.poll(OPEN_SECONDS):
            raise TimedOut(f"{number} streams did not open in {OPEN_SECONDS:.0f} s")
        here.recv()
        yield Followers(here)
    finally:
        process.terminate()
        process.join()


def _follow(port: int, request: bytes, number: int, pipe: Connection) -> None:
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        streams = [stack.enter_context(_opened(port, request)) for _ in range(number)]
        sampled = dict.fromkeys(streams[:SAMPLED], b"")
        for stream in streams:
            selector.register(stream, selectors.EVENT_READ)
        pipe.send("opened")
        arrivals: Arrivals = []
        while not pipe.poll():
            for key, _ in selector.select(timeout=0.1):
                assert isinstance(key.fileobj, socket.socket), "no others are registered"
                part = key.fileobj.recv(CHUNK)
                assert part, "the server closed a stream"
                if key.fileobj in sampled:
                    sampled[key.fileobj] = _note(sampled[key.fileobj] + part, arrivals)
        pipe.send(arrivals)


def _opened(port: int, request: bytes) -> socket.socket:
    stream = connect(port)
    stream.sendall(request)
    head = stream.recv(CHUNK)
    assert head.startswith(b"HTTP/1.1 200"), head
    return stream


def _note(taken: bytes, arrivals: Arrivals) -> bytes:
    """Note the events of a buffer; return what may be the beginning of the next one."""
    now, end = time.monotonic(), 0
    for found in EVENT.finditer(taken):
        arrivals.append((int(found[1]), now))
        end = found.end()
    return taken[end:]
