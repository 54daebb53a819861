"""When another process was first, a use case looks again and decides anew; what it says is true."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from eventsourcing.persistence import OperationalError

from domain.errors import KitOfAnotherCustomer, QuarantineClosed
from domain.ledger import Ledger
from domain.messages import Outcome
from domain.use_cases import kit_registrations
from tests.domain.scene import NOON, Competitor, Scene, kit, kit_status, send
from tests.harness.ledgers import open_ledger
from tests.harness.stores import limit_lock_waits

SOUND = kit(1, "A", "KIT_SHIPPED")
BURST = 80
HOUR = timedelta(hours=1)
Race = Callable[..., Competitor]


@pytest.fixture
def race(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Race:
    """Let somebody write just before each of the ledger's next calls of one of the store's methods.

    What becomes of a delivery, held or not, is decided in a transaction; all else is tried without one
    first, and then the one who wrote before `insert_events` was first.
    """

    def prepare(
        compete: Callable[[int], object], before: str = "insert_events", times: int = 1
    ) -> Competitor:
        competitor = Competitor(scene.ledger, before, compete, times)
        competitor.enter(monkeypatch)
        return competitor

    return prepare


@pytest.fixture
def first(race: Race) -> Race:
    """Let somebody write just before the ledger's next delivery has its turn."""
    return lambda compete: race(compete, "run_in_transaction")


def test_the_same_delivery_from_another_process_makes_ours_a_duplicate(
    scene: Scene, other: Ledger, first: Race
) -> None:
    first(lambda _: send(other, SOUND))
    assert scene.send(SOUND) == [Outcome("duplicate", 1, position=1)]
    assert scene.topics == ["Delivery.Recorded", "Kit.Observed"]


def test_another_content_from_another_process_makes_ours_a_conflict(
    scene: Scene, other: Ledger, first: Race
) -> None:
    first(lambda _: send(other, kit(1, "A", "KIT_FAILED")))
    assert scene.send(SOUND)[0].status == "conflict"


def test_news_of_the_same_kit_from_another_process_is_told_first(
    scene: Scene, other: Ledger, first: Race
) -> None:
    first(lambda _: send(other, kit(2, "A", "KIT_RECEIVED")))
    assert scene.send(SOUND) == [Outcome("recorded", 1, position=3)]
    stands = kit_status(scene.ledger, "A")
    assert stands is not None
    assert stands.status == "KIT_RECEIVED"


def test_an_array_is_decided_as_a_whole_by_what_was_there_before(
    scene: Scene, other: Ledger, first: Race
) -> None:
    first(lambda _: send(other, SOUND))
    outcomes = scene.send([kit(2, "B", "KIT_SHIPPED"), SOUND])
    assert [outcome.status for outcome in outcomes] == ["recorded", "duplicate"]
    assert scene.topics.count("Delivery.Recorded") == 2


def test_the_same_unfit_body_from_another_process_is_held_once(
    scene: Scene, other: Ledger, first: Race
) -> None:
    first(lambda _: send(other, b"{"))
    assert scene.send(b"{")[0].quarantine == 1
    assert scene.topics == ["Quarantine.Held"]


def test_the_same_conflict_from_another_process_is_held_once(
    scene: Scene, other: Ledger, first: Race
) -> None:
    [known] = scene.given(SOUND)
    first(lambda _: send(other, kit(1, "A", "KIT_FAILED")))
    [outcome] = scene.send(kit(1, "A", "KIT_FAILED"))
    assert outcome.status == "conflict"
    assert scene.topics == ["Quarantine.Held"]
    assert known.position == 1


def test_a_kit_that_went_to_the_same_customer_meanwhile_is_found(
    scene: Scene, other: Ledger, race: Race
) -> None:
    race(
        lambda _: kit_registrations.register_kit(
            other, now=NOON, customer=1, kit="A", verification_date=None
        )
    )
    found, new = kit_registrations.register_kit(
        scene.ledger, now=NOON, customer=1, kit="A", verification_date=None
    )
    assert not new
    assert vars(scene.news[0])["registration_id"] == found.registration_id


def test_what_somebody_else_decided_about_meanwhile_is_closed(
    scene: Scene, other: Ledger, first: Race
) -> None:
    [held] = scene.given(b"{")
    first(lambda _: Scene(other).discard(held))
    with pytest.raises(QuarantineClosed):
        scene.discard(held)


def test_the_date_that_somebody_else_set_meanwhile_is_no_event(
    scene: Scene, other: Ledger, race: Race
) -> None:
    given, _ = kit_registrations.register_kit(
        scene.ledger, now=NOON, customer=1, kit="A", verification_date=None
    )
    scene.given()
    race(
        lambda _: kit_registrations.set_verification_date(
            other, given.registration_id, NOON, now=NOON
        )
    )
    changed = kit_registrations.set_verification_date(
        scene.ledger, given.registration_id, NOON, now=NOON
    )
    assert changed.verification_date == NOON
    assert scene.topics == ["KitRegistration.VerificationDateSet"]


class Refused:
    """What became of somebody who wrote all the time."""

    def __init__(self, write: Callable[[int], object]) -> None:
        self.errors: list[OperationalError] = []
        self._write = write

    def __call__(self, time: int) -> None:
        """Write, or remember why not."""
        try:
            self._write(time)
        except OperationalError as error:
            self.errors.append(error)


def test_while_a_delivery_is_decided_nobody_else_can_write(
    scene: Scene, other: Ledger, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_lock_waits(monkeypatch, 0.05)
    compete = Refused(lambda time: send(other, kit(1 + time, "A", "KIT_RECEIVED")))
    competitor = race(compete, times=10**6)
    assert scene.send(SOUND)[0].status == "recorded"
    assert (competitor.rounds, len(compete.errors)) == (1, 1)
    assert send(other, kit(3, "A", "KIT_LOST"))[0].status == "recorded"


def test_who_lost_once_decides_anew_while_nobody_else_can_write(
    scene: Scene, other: Ledger, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_lock_waits(monkeypatch, 0.05)
    given, _ = kit_registrations.register_kit(
        scene.ledger, now=NOON, customer=1, kit="A", verification_date=None
    )
    number = given.registration_id
    compete = Refused(
        lambda time: kit_registrations.set_verification_date(
            other, number, NOON - time * HOUR, now=NOON
        )
    )
    competitor = race(compete, times=10**6)
    changed = kit_registrations.set_verification_date(scene.ledger, number, NOON, now=NOON)
    assert (competitor.rounds, len(compete.errors)) == (2, 1)
    assert changed.verification_date == NOON
    assert [event.originator_version for event in scene.news[2:]] == [2, 3]
    kit_registrations.set_verification_date(other, number, None, now=NOON)


def test_a_refusal_while_nobody_else_can_write_keeps_nothing_and_harms_nobody(
    scene: Scene, other: Ledger, race: Race
) -> None:
    race(
        lambda _: kit_registrations.register_kit(
            other, now=NOON, customer=1, kit="A", verification_date=None
        )
    )
    with pytest.raises(KitOfAnotherCustomer):
        kit_registrations.register_kit(
            scene.ledger, now=NOON, customer=2, kit="A", verification_date=None
        )
    assert scene.topics == ["KitRegistration.Registered", "KitHolder.Assigned"]
    scene.given()
    kit_registrations.register_kit(
        scene.ledger, now=NOON, customer=2, kit="B", verification_date=None
    )
    assert scene.topics == ["KitRegistration.Registered", "KitHolder.Assigned"]


def test_a_burst_about_one_kit_is_recorded_whole(scene: Scene) -> None:
    together = threading.Barrier(BURST)

    def tell(event_id: int) -> str:
        together.wait()
        return scene.send(kit(event_id, "A", "KIT_SHIPPED"))[0].status

    with ThreadPoolExecutor(BURST) as threads:
        assert set(threads.map(tell, range(BURST))) == {"recorded"}


def test_a_delivery_that_comes_to_many_at_once_is_recorded_once(scene: Scene, url: str) -> None:
    ledgers = [open_ledger(url) for _ in range(4)]
    together = threading.Barrier(8)

    def tell(turn: int) -> str:
        together.wait()
        return send(ledgers[turn % 4], SOUND)[0].status

    with ThreadPoolExecutor(8) as threads:
        statuses = sorted(threads.map(tell, range(8)))
    for each in ledgers:
        each.close()
    assert statuses == ["duplicate"] * 7 + ["recorded"]
    assert scene.topics == ["Delivery.Recorded", "Kit.Observed"]
