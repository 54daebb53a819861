"""Writers in processes of their own: they use the store as a worker does, and say what they were told."""

import os
import threading

from tests.domain.scene import open_ledger, recorder_of
from tests.store.stored import stream

GROUP = 3
"""How many events each writer appends at once, all or none."""


def append_until_killed(url: str, name: str, threads: int, acknowledge: int) -> None:
    """Append group after group in several threads; write each one's number down once it is stored."""
    recorder = recorder_of(open_ledger(url))

    def write(thread: int) -> None:
        number = 0
        while True:
            stored = f"{name}.{thread}.{number}"
            recorder.insert_events(stream(stored, range(1, GROUP + 1), b"\x80" * 500))
            os.write(acknowledge, f"{stored}\n".encode())
            number += 1

    for thread in range(threads):
        threading.Thread(target=write, args=(thread,)).start()


def take_ids(url: str, kind: str, count: int, answer: int) -> None:
    """Take so many ids, and write them down in the order in which they were given."""
    recorder = recorder_of(open_ledger(url))
    given = [recorder.next_id(kind) for _ in range(count)]
    os.write(answer, ("\n".join(map(str, given)) + "\n").encode())
