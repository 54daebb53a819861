"""The group commit is right for greenlets too: one that is killed leaves the others served."""

import subprocess
import sys

import pytest

from tests.store.processes import ROOT

PROGRAM = """
from gevent import monkey
monkey.patch_all()
import sys, gevent
from tests.harness.ledgers import open_ledger, recorder_of
from tests.store.stored import event

recorder = recorder_of(open_ledger(sys.argv[1]))
victim = sys.argv[2]
greenlets = {
    name: gevent.spawn(recorder.insert_events, [event(name)]) for name in ("first", "second", "third")
}
# It runs when the first leads and yields, and the others wait for it; the victim ends at once.
gevent.spawn(greenlets[victim].throw, gevent.GreenletExit)
others = [greenlet for name, greenlet in greenlets.items() if name != victim]
gevent.joinall(others, timeout=1)
served = [greenlet.successful() for greenlet in others]
with gevent.Timeout(1, False):
    served.append(bool(recorder.insert_events([event("later")])))
stored = {each.originator_id for each in recorder.select_notifications(1, 9)}
print(all(served), len(served), "later" in stored)
"""


@pytest.mark.parametrize("victim", ["first", "second", "third"])
def test_a_killed_greenlet_takes_nobody_along(url: str, victim: str) -> None:
    command = [sys.executable, "-c", PROGRAM, url, victim]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=30)
    assert done.stdout.split() == ["True", "3", "True"]
