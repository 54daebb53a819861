"""Of several projector processes one is at work; when it is killed another goes on where it was."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.domain.scene import kit, report
from tests.harness.effort import effort
from tests.harness.plain import Plain
from tests.harness.waiting import wait_until
from tests.projections.processes import processes
from tests.projections.world import World

KILLS = effort(2, 4)


@contextmanager
def busy(world: World) -> Iterator[None]:
    """Let a source send arrays all the time: of kits and reports, some of it unfit."""
    stop = threading.Event()

    def send() -> None:
        number = 0
        while not stop.is_set():
            number += 100
            world.send(
                [kit(number + n, f"K{n % 9}", "KIT_SHIPPED", shipment_id=n) for n in range(50)],
                [report(number + 50 + n, n % 5, "BLOCKED", reason=str(n)) for n in range(40)],
                b"{%d" % number,
                kit(number, "K0", "KIT_LOST"),
            )
            stop.wait(0.005)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def applied_twice(world: World) -> Any:
    """Count what a view of the events says more often than the ledger does."""
    told = "SELECT count(*) FROM stored_events WHERE topic = 'Delivery.Recorded'"
    plain = Plain(world.url)
    ((recorded,),) = plain.query(told)
    plain.close()
    return len(world.all_rows()["events"][0]) - recorded


def test_killed_at_random_moments_projectors_lose_and_repeat_nothing(world: World) -> None:
    moments = random.Random(7)
    with processes(world, KILLS + 1) as started:
        with busy(world):
            for _ in range(KILLS):
                before = world.positions()["kits"]
                owner = started.await_owner()
                wait_until(lambda: world.positions()["kits"] > before)  # noqa: B023 used at once
                time.sleep(moments.uniform(0, 0.05))
                started.kill(owner)
        wait_until(started.caught_up)
        assert started.stop(started.await_owner()) == 0
    kept_up = world.all_rows()
    assert applied_twice(world) == 0
    assert len(kept_up["quarantine"][0]) > 1
    assert world.rebuilt() == kept_up


def test_one_is_at_work_until_it_is_killed_and_then_the_other(world: World) -> None:
    with processes(world, 1) as started:
        first = started.await_owner()
        second = started.start().pid
        world.send(kit(1, "A", "KIT_SHIPPED"))
        wait_until(started.caught_up)
        time.sleep(1.2)
        assert started.owner() == first
        assert started.alive[second].poll() is None
        started.kill(first)
        wait_until(lambda: started.owner() == second)
        world.send(kit(2, "A", "KIT_LOST"))
        wait_until(started.caught_up)


def test_one_that_waits_for_its_turn_stops_when_asked(world: World) -> None:
    with world.views.lock("projector"), processes(world, 1) as started:
        [waiting] = started.alive
        time.sleep(0.7)
        assert started.owner() is None
        assert started.stop(waiting) in {0, -15}
