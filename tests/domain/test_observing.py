"""The current status: that of the highest event id; lower ids fill fields that are still empty."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.observation import CurrentStatus, Observation, current_status
from domain.use_cases import kit_registrations
from tests.domain.scene import NOON, Scene, kit, kit_status, report, report_status

pytestmark = pytest.mark.one_store


def observation(event_id: int, status: str, **given: Any) -> Observation:
    fields = {name: given.pop(name) for name in ("shipment_id",) if name in given}
    values = {"source": "lab", "created_at": NOON, "fields": fields, **given}
    return Observation(event_id=event_id, status=status, **values)


def minutes(count: int) -> datetime:
    return NOON + timedelta(minutes=count)


def test_no_observation_gives_no_status() -> None:
    assert current_status([]) is None


@pytest.mark.parametrize(
    ("observations", "status", "reason", "shipment_id"),
    [
        pytest.param(
            [observation(2, "KIT_RECEIVED"), observation(1, "KIT_SHIPPED")],
            *("KIT_RECEIVED", None, None),
            id="the highest id gives the status, whenever it came",
        ),
        pytest.param(
            [observation(1, "KIT_FAILED", reason="leaked"), observation(2, "KIT_PROCESSING")],
            *("KIT_PROCESSING", None, None),
            id="the reason goes when its status goes",
        ),
        pytest.param(
            [
                observation(1, "KIT_FAILED", reason="leaked"),
                observation(2, "KIT_PROCESSING"),
                observation(3, "KIT_FAILED"),
            ],
            *("KIT_FAILED", None, None),
            id="a reason that went does not come back with the same status",
        ),
        pytest.param(
            [observation(2, "KIT_FAILED"), observation(1, "KIT_FAILED", reason="leaked")],
            *("KIT_FAILED", "leaked", None),
            id="a lower id gives the reason for the same status",
        ),
        pytest.param(
            [
                observation(2, "KIT_FAILED", reason="empty"),
                observation(1, "KIT_FAILED", reason="leaked"),
            ],
            *("KIT_FAILED", "empty", None),
            id="a lower id does not change a reason",
        ),
        pytest.param(
            [observation(2, "KIT_RECEIVED"), observation(1, "KIT_SHIPPED", shipment_id=7)],
            *("KIT_RECEIVED", None, 7),
            id="a lower id fills an empty shipment, of whatever status",
        ),
        pytest.param(
            [
                observation(2, "KIT_RECEIVED", shipment_id=8),
                observation(1, "KIT_SHIPPED", shipment_id=7),
            ],
            *("KIT_RECEIVED", None, 8),
            id="a lower id does not change a shipment",
        ),
        pytest.param(
            [observation(1, "KIT_LOST", source="b"), observation(1, "KIT_FOUND", source="a")],
            *("KIT_LOST", None, None),
            id="of two sources with the same id the later name speaks, in any order",
        ),
    ],
)
def test_observations_add_up(
    observations: list[Observation], status: str, reason: str | None, shipment_id: int | None
) -> None:
    own = {} if shipment_id is None else {"shipment_id": shipment_id}
    expected = CurrentStatus(status, reason, NOON, NOON, own)
    assert current_status(observations) == current_status(reversed(observations)) == expected


def test_a_thing_is_created_with_its_earliest_observation_and_modified_with_its_latest() -> None:
    observed = [
        observation(n, "KIT_LOST", created_at=minutes(at)) for n, at in ((1, 5), (2, 3), (3, 9))
    ]
    status = current_status(observed)
    assert status is not None
    assert (status.created_at, status.modified_at) == (minutes(3), minutes(9))


def test_events_of_both_types_observe_a_kit(scene: Scene) -> None:
    created = kit(1, "UL42345", "KIT_SHIPPED", shipment_id=5) | {"type": "kit.created"}
    scene.given(created)
    scene.send(kit(2, "UL42345", "KIT_FAILED", reason="leaked"))
    assert scene.topics == ["Delivery.Recorded", "Kit.Observed"]
    status = kit_status(scene.ledger, "UL42345")
    assert status == CurrentStatus("KIT_FAILED", "leaked", NOON, NOON, {"shipment_id": 5})


def test_a_report_is_blocked_and_then_available_without_its_reason(scene: Scene) -> None:
    scene.given(report(1, 345345, "BLOCKED", reason="no consent"))
    scene.send(report(2, 345345, "AVAILABLE"))
    assert scene.topics == ["Delivery.Recorded", "Report.Observed"]
    status = report_status(scene.ledger, 345345)
    assert status == CurrentStatus("AVAILABLE", None, NOON, NOON, {})


def test_the_senders_time_counts_and_else_the_time_of_receipt(scene: Scene) -> None:
    scene.given(kit(1, "A", "KIT_SHIPPED", created_at="2026-01-05 11:00:00"))
    scene.send(kit(2, "A", "KIT_RECEIVED"), at=minutes(1))
    status = kit_status(scene.ledger, "A")
    assert status is not None
    assert (status.created_at, status.modified_at) == (minutes(-60), minutes(1))


def test_an_unknown_status_becomes_the_status(scene: Scene) -> None:
    scene.send(kit(1, "A", "KIT_SENT_TO_THE_MOON"))
    status = kit_status(scene.ledger, "A")
    assert status is not None
    assert status.status == "KIT_SENT_TO_THE_MOON"


def test_nothing_is_recorded_that_nobody_said(scene: Scene) -> None:
    scene.send(kit(9, "A", "KIT_RECEIVED"))
    assert scene.topics == ["Delivery.Recorded", "Kit.Observed"]


def test_a_type_that_nobody_knows_is_recorded_and_touches_nothing(scene: Scene) -> None:
    [outcome] = scene.send({"id": 3, "type": "moon.landed", "data": {"by": "Eagle"}})
    assert (outcome.status, outcome.position) == ("recorded", 1)
    assert scene.topics == ["Delivery.Recorded"]


def test_an_aggregate_hands_over_what_it_decided_once(scene: Scene) -> None:
    registration, _ = kit_registrations.register_kit(
        scene.ledger, now=NOON, customer=1, kit="A", verification_date=None
    )
    assert registration.collect_events() == []
    assert registration.version == 1
