"""A writer that is killed at any moment leaves every acknowledged group whole, and no half of one."""

import random
import time
from collections import Counter

from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.store.processes import child
from tests.store.stored import event
from tests.store.writers import GROUP

KILLS = 6
THREADS = 4


def test_killed_at_random_moments_everything_acknowledged_is_stored_once_and_whole(
    recorder: Recorder, plain: Plain, url: str
) -> None:
    moments = random.Random(5)
    acknowledged: set[str] = set()
    for kill in range(KILLS):
        with child("append_until_killed", url, f"w{kill}", THREADS) as writer:
            acknowledged.add(writer.answers.readline().decode().strip())
            time.sleep(moments.uniform(0, 0.1))
            writer.process.kill()
            writer.process.wait()
            acknowledged.update(writer.lines())
    stored = plain.stored()
    assert [position for position, *_ in stored] == list(range(1, len(stored) + 1))
    groups = Counter(name for _, name, _ in stored)
    assert set(groups.values()) == {GROUP}
    assert acknowledged <= set(groups)
    assert len(groups) - len(acknowledged) <= KILLS * THREADS
    assert plain.is_sound()
    assert recorder.insert_events([event("next")]) == [len(stored) + 1]
