"""Stored events made without a domain, and writers who come all at once."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import msgspec
from eventsourcing.persistence import StoredEvent

from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain

Work = Callable[[], Any]


def event(stream: str, version: int = 1, topic: str = "t", state: bytes = b"\x80") -> StoredEvent:
    """Make a stored event."""
    return StoredEvent(stream, version, topic, state)


def stream(name: str, versions: Iterable[int], state: bytes = b"\x80") -> list[StoredEvent]:
    """Make some events of one stream."""
    return [event(name, version, state=state) for version in versions]


def fill(recorder: Recorder, count: int, size: int = 1) -> None:
    """Store so many events of so many bytes, each in a stream of its own."""
    recorder.insert_events([event(f"s{n}", state=b"\x80" * size) for n in range(count)])


@contextmanager
def gathered(recorder: Recorder, plain: Plain, works: list[Work]) -> Iterator[list["Future[Any]"]]:
    """Let members gather while another process holds everybody up; let them go in the end."""
    arrived = threading.Semaphore(0)

    def arrive(work: Work) -> Any:
        arrived.release()
        return work()

    plain.hold_up()
    with ThreadPoolExecutor(len(works)) as threads:
        try:
            futures = [threads.submit(arrive, work) for work in works]
            for _ in works:
                arrived.acquire()
            threading.Event().wait(0.05)
            yield futures
        finally:
            plain.let_go()


def without_salt(state: bytes) -> bytes:
    """Return the state that an event would have without its random bytes: those stand at its end."""
    fields = msgspec.msgpack.decode(state)
    fields.pop("salt", None)
    return msgspec.msgpack.encode(fields)
