"""A conflict that is released replaces what was recorded, and what that told of kits and reports."""

from typing import Any

import pytest

from domain.aggregates.delivery import Delivery
from domain.messages import InvalidEnvelope, Message, Outcome
from receiver import envelopes
from tests.domain.scene import (
    NOON,
    Scene,
    encoded,
    kit,
    kit_status,
    release_one,
    report,
    report_status,
)

pytestmark = pytest.mark.one_store

SOUND = kit(5, "A", "KIT_SHIPPED", shipment_id=3)
SILENT = {"id": 5, "type": "moon.landed", "data": {}}


def replaced(scene: Scene, *said: Any) -> list[str]:
    """Given a delivery, release each later one in its place; return the topics of the last time."""
    scene.given(said[0])
    for each in said[1:]:
        [held] = scene.given(each)
        assert scene.release(held, replace=True)[0].status == "replaced"
    return scene.topics


def status_of(scene: Scene, barcode: str) -> str | None:
    stands = kit_status(scene.ledger, barcode)
    return None if stands is None else stands.status


def test_the_kit_stands_as_the_new_telling_says(scene: Scene) -> None:
    topics = replaced(scene, SOUND, kit(5, "A", "KIT_FAILED"))
    assert topics == ["Delivery.Replaced", "Kit.Observed", "Quarantine.Released"]
    stands = kit_status(scene.ledger, "A")
    assert stands is not None
    assert (stands.status, stands.fields) == ("KIT_FAILED", {})


def test_the_telling_moves_from_one_kit_to_another(scene: Scene) -> None:
    topics = replaced(scene, SOUND, kit(5, "B", "KIT_FAILED"))
    assert topics == ["Kit.Retracted", "Delivery.Replaced", "Kit.Observed", "Quarantine.Released"]
    assert (status_of(scene, "A"), status_of(scene, "B")) == (None, "KIT_FAILED")


def test_only_the_replaced_telling_is_withdrawn(scene: Scene) -> None:
    scene.given(kit(4, "A", "KIT_LOST"))
    replaced(scene, SOUND, kit(5, "B", "KIT_FAILED"))
    assert (status_of(scene, "A"), status_of(scene, "B")) == ("KIT_LOST", "KIT_FAILED")


def test_the_telling_moves_from_a_kit_to_a_report(scene: Scene) -> None:
    replaced(scene, SOUND, report(5, 9, "BLOCKED"))
    assert status_of(scene, "A") is None
    assert report_status(scene.ledger, 9) is not None


def test_the_telling_moves_from_a_report_to_a_kit(scene: Scene) -> None:
    topics = replaced(scene, report(5, 9, "BLOCKED"), SOUND)
    assert topics[0] == "Report.Retracted"
    assert report_status(scene.ledger, 9) is None


def test_the_telling_is_withdrawn_when_its_successor_tells_nothing(scene: Scene) -> None:
    topics = replaced(scene, SOUND, SILENT)
    assert topics == ["Kit.Retracted", "Delivery.Replaced", "Quarantine.Released"]
    assert status_of(scene, "A") is None


def test_a_kit_is_told_of_by_the_successor_of_a_delivery_that_told_nothing(scene: Scene) -> None:
    topics = replaced(scene, SILENT, SOUND)
    assert topics == ["Delivery.Replaced", "Kit.Observed", "Quarantine.Released"]
    assert status_of(scene, "A") == "KIT_SHIPPED"


def test_what_replaced_can_be_replaced(scene: Scene) -> None:
    replaced(scene, SOUND, kit(5, "A", "KIT_FAILED"), kit(5, "A", "KIT_LOST"))
    assert status_of(scene, "A") == "KIT_LOST"


def test_the_telling_moves_on_from_where_it_moved(scene: Scene) -> None:
    replaced(scene, SOUND, kit(5, "B", "KIT_FAILED"), kit(5, "C", "KIT_LOST"))
    assert [status_of(scene, barcode) for barcode in "ABC"] == [None, None, "KIT_LOST"]


def test_both_contents_are_duplicates_from_then_on(scene: Scene) -> None:
    replaced(scene, SOUND, kit(5, "A", "KIT_FAILED"))
    again = [*scene.send(SOUND), *scene.send(kit(5, "A", "KIT_FAILED"))]
    assert again == [Outcome("duplicate", 5, position=1)] * 2


def test_a_third_content_is_a_conflict(scene: Scene) -> None:
    replaced(scene, SOUND, kit(5, "A", "KIT_FAILED"))
    assert scene.send(kit(5, "A", "KIT_LOST"))[0].status == "conflict"


def test_the_delivery_keeps_what_stands_and_all_that_came(scene: Scene) -> None:
    other = kit(5, "A", "KIT_FAILED")
    replaced(scene, SOUND, other)
    delivery = scene.ledger.streams.load(Delivery, Delivery.create_id("lab", 5))
    assert isinstance(delivery.current, Delivery.Replaced)
    assert [body for body, _ in delivery.received] == [encoded(SOUND), encoded(other)]
    assert delivery.current.created_at == NOON


@pytest.mark.parametrize("barcode", ["A", "B"])
def test_a_conflict_that_came_in_an_array_points_to_it(scene: Scene, barcode: str) -> None:
    scene.given(SOUND)
    _, held = scene.given([kit(6, "A", "KIT_LOST"), kit(5, barcode, "KIT_FAILED")])
    scene.release(held, replace=True)
    assert "Batch.Received" not in scene.topics
    delivery = scene.ledger.streams.load(Delivery, Delivery.create_id("lab", 5))
    assert delivery.current is not None
    assert str(delivery.current.batch).startswith("batch/lab/")


def test_only_what_was_told_is_withdrawn_though_today_it_would_tell_more(scene: Scene) -> None:
    scene.given({"id": 5, "type": "kit.moved", "data": {"kit": {"barcode": "A", "status": "M"}}})
    [held] = scene.given(kit(5, "B", "KIT_FAILED"))
    assert held.quarantine is not None

    def read(body: bytes) -> tuple[list[Message | InvalidEnvelope], bool]:
        return envelopes.read(body.replace(b"kit.moved", b"kit.updated"))

    release_one(scene.ledger, held.quarantine, read, now=NOON, replace=True)
    assert scene.topics == ["Delivery.Replaced", "Kit.Observed", "Quarantine.Released"]


def test_what_was_told_is_withdrawn_though_today_it_would_not_be_taken(scene: Scene) -> None:
    scene.given(SOUND)
    [held] = scene.given(kit(5, "B", "KIT_FAILED"))
    assert held.quarantine is not None

    def read(body: bytes) -> tuple[list[Message | InvalidEnvelope], bool]:
        return envelopes.read(body.replace(b"KIT_SHIPPED", b"no status"))

    release_one(scene.ledger, held.quarantine, read, now=NOON, replace=True)
    assert (status_of(scene, "A"), status_of(scene, "B")) == (None, "KIT_FAILED")
