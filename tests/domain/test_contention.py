"""When another process was first, a use case looks again and decides anew; what it says is true."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from eventsourcing.persistence import OperationalError

from domain.errors import KitOfAnotherCustomer, QuarantineClosed
from domain.ledger import Ledger
from domain.message import Outcome
from tests.domain.scene import (
    NOON,
    Competitor,
    Scene,
    kit,
    kit_standing,
    open_ledger,
    recorder_of,
    send,
)

SOUND = kit(1, "A", "KIT_SHIPPED")
BURST = 80
Race = Callable[..., Competitor]


@pytest.fixture
def other(scene: Scene, tmp_path: Path) -> Iterator[Ledger]:
    """Open the same file as another process would."""
    opened = open_ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


@pytest.fixture
def race(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Race:
    """Let somebody write just before each of the ledger's next inserts."""

    def prepare(compete: Callable[[int], object], times: int = 1) -> Competitor:
        competitor = Competitor(scene.ledger, compete, times)
        monkeypatch.setattr(recorder_of(scene.ledger), "insert_events", competitor)
        return competitor

    return prepare


def test_the_same_delivery_from_another_process_makes_ours_a_duplicate(
    scene: Scene, other: Ledger, race: Race
) -> None:
    race(lambda _: send(other, SOUND))
    assert scene.send(SOUND) == [Outcome("duplicate", 1, position=1)]
    assert scene.topics == ["Delivery.Recorded", "Kit.Told"]


def test_another_content_from_another_process_makes_ours_a_conflict(
    scene: Scene, other: Ledger, race: Race
) -> None:
    race(lambda _: send(other, kit(1, "A", "KIT_FAILED")))
    assert scene.send(SOUND)[0].status == "conflict"


def test_news_of_the_same_kit_from_another_process_is_told_first(
    scene: Scene, other: Ledger, race: Race
) -> None:
    race(lambda _: send(other, kit(2, "A", "KIT_RECEIVED")))
    assert scene.send(SOUND) == [Outcome("recorded", 1, position=3)]
    stands = kit_standing(scene.ledger, "A")
    assert stands is not None
    assert stands.status == "KIT_RECEIVED"


def test_an_array_is_decided_anew_as_a_whole(scene: Scene, other: Ledger, race: Race) -> None:
    race(lambda _: send(other, SOUND))
    outcomes = scene.send([kit(2, "B", "KIT_SHIPPED"), SOUND])
    assert [outcome.status for outcome in outcomes] == ["recorded", "duplicate"]
    assert scene.topics.count("Delivery.Recorded") == 2


def test_the_same_unfit_body_from_another_process_is_held_once(
    scene: Scene, other: Ledger, race: Race
) -> None:
    race(lambda _: send(other, b"{"))
    assert scene.send(b"{")[0].quarantine == 1
    assert scene.topics == ["Quarantine.Held"]


def test_the_same_conflict_from_another_process_is_held_once(
    scene: Scene, other: Ledger, race: Race
) -> None:
    [first] = scene.given(SOUND)
    race(lambda _: send(other, kit(1, "A", "KIT_FAILED")))
    [outcome] = scene.send(kit(1, "A", "KIT_FAILED"))
    assert outcome.status == "conflict"
    assert scene.topics == ["Quarantine.Held"]
    assert first.position == 1


def test_a_kit_that_went_to_the_same_customer_meanwhile_is_found(
    scene: Scene, other: Ledger, race: Race
) -> None:
    race(lambda _: other.register_kit(now=NOON, customer=1, kit="A", verification_date=None))
    found, new = scene.ledger.register_kit(now=NOON, customer=1, kit="A", verification_date=None)
    assert not new
    assert vars(scene.news[0])["registration_id"] == found.registration_id


def test_what_somebody_else_decided_about_meanwhile_is_closed(
    scene: Scene, other: Ledger, race: Race
) -> None:
    [held] = scene.given(b"{")
    race(lambda _: Scene(other).discard(held))
    with pytest.raises(QuarantineClosed):
        scene.discard(held)


def test_the_date_that_somebody_else_set_meanwhile_is_no_event(
    scene: Scene, other: Ledger, race: Race
) -> None:
    given, _ = scene.ledger.register_kit(now=NOON, customer=1, kit="A", verification_date=None)
    scene.given()
    race(lambda _: other.set_verification_date(given.registration_id, NOON, now=NOON))
    changed = scene.ledger.set_verification_date(given.registration_id, NOON, now=NOON)
    assert changed.verification_date == NOON
    assert scene.topics == ["KitRegistration.VerificationDateSet"]


def test_who_lost_once_decides_anew_while_nobody_else_can_write(
    scene: Scene, other: Ledger, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.sqlite.PATIENCE_SECONDS", 0.05)
    locked: list[OperationalError] = []

    def compete(time: int) -> None:
        try:
            send(other, kit(1 + time, "A", "KIT_RECEIVED"))
        except OperationalError as error:
            locked.append(error)

    competitor = race(compete, times=10**6)
    assert scene.send(SOUND)[0].status == "recorded"
    assert (competitor.rounds, len(locked)) == (2, 1)
    assert send(other, kit(3, "A", "KIT_LOST"))[0].status == "recorded"


def test_a_refusal_while_nobody_else_can_write_keeps_nothing_and_harms_nobody(
    scene: Scene, other: Ledger, race: Race
) -> None:
    race(lambda _: other.register_kit(now=NOON, customer=1, kit="A", verification_date=None))
    with pytest.raises(KitOfAnotherCustomer):
        scene.ledger.register_kit(now=NOON, customer=2, kit="A", verification_date=None)
    assert scene.topics == ["KitRegistration.Registered", "KitHolder.Assigned"]
    scene.given()
    scene.ledger.register_kit(now=NOON, customer=2, kit="B", verification_date=None)
    assert scene.topics == ["KitRegistration.Registered", "KitHolder.Assigned"]


def test_a_burst_about_one_kit_is_recorded_whole(scene: Scene) -> None:
    together = threading.Barrier(BURST)

    def tell(event_id: int) -> str:
        together.wait()
        return scene.send(kit(event_id, "A", "KIT_SHIPPED"))[0].status

    with ThreadPoolExecutor(BURST) as threads:
        assert set(threads.map(tell, range(BURST))) == {"recorded"}
