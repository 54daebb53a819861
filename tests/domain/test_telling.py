"""How a kit or report stands: the highest event id speaks, lower ones fill what is still empty."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.telling import Standing, Telling, standing
from tests.domain.scene import NOON, Scene, kit, kit_standing, report, report_standing


def telling(event_id: int, status: str, **said: Any) -> Telling:
    values = {"source": "lab", "created_at": NOON, **said}
    return Telling(event_id=event_id, status=status, **values)


def minutes(count: int) -> datetime:
    return NOON + timedelta(minutes=count)


def test_nothing_told_is_no_standing() -> None:
    assert standing([]) is None


@pytest.mark.parametrize(
    ("tellings", "status", "reason", "shipment_id"),
    [
        pytest.param(
            [telling(2, "KIT_RECEIVED"), telling(1, "KIT_SHIPPED")],
            *("KIT_RECEIVED", None, None),
            id="the highest id gives the status, whenever it came",
        ),
        pytest.param(
            [telling(1, "KIT_FAILED", reason="leaked"), telling(2, "KIT_PROCESSING")],
            *("KIT_PROCESSING", None, None),
            id="the reason goes when its status goes",
        ),
        pytest.param(
            [
                telling(1, "KIT_FAILED", reason="leaked"),
                telling(2, "KIT_PROCESSING"),
                telling(3, "KIT_FAILED"),
            ],
            *("KIT_FAILED", None, None),
            id="a reason that went does not come back with the same status",
        ),
        pytest.param(
            [telling(2, "KIT_FAILED"), telling(1, "KIT_FAILED", reason="leaked")],
            *("KIT_FAILED", "leaked", None),
            id="a lower id gives the reason for the same status",
        ),
        pytest.param(
            [telling(2, "KIT_FAILED", reason="empty"), telling(1, "KIT_FAILED", reason="leaked")],
            *("KIT_FAILED", "empty", None),
            id="a lower id does not change a reason",
        ),
        pytest.param(
            [telling(2, "KIT_RECEIVED"), telling(1, "KIT_SHIPPED", shipment_id=7)],
            *("KIT_RECEIVED", None, 7),
            id="a lower id fills an empty shipment, of whatever status",
        ),
        pytest.param(
            [telling(2, "KIT_RECEIVED", shipment_id=8), telling(1, "KIT_SHIPPED", shipment_id=7)],
            *("KIT_RECEIVED", None, 8),
            id="a lower id does not change a shipment",
        ),
        pytest.param(
            [telling(1, "KIT_LOST", source="b"), telling(1, "KIT_FOUND", source="a")],
            *("KIT_LOST", None, None),
            id="of two sources with the same id the later name speaks, in any order",
        ),
    ],
)
def test_all_tellings_add_up(
    tellings: list[Telling], status: str, reason: str | None, shipment_id: int | None
) -> None:
    expected = Standing(status, reason, shipment_id, NOON, NOON)
    assert standing(tellings) == standing(reversed(tellings)) == expected


def test_a_thing_dates_from_its_earliest_telling_and_changed_with_its_latest() -> None:
    told = [telling(n, "KIT_LOST", created_at=minutes(at)) for n, at in ((1, 5), (2, 3), (3, 9))]
    stands = standing(told)
    assert stands is not None
    assert (stands.created_at, stands.modified_at) == (minutes(3), minutes(9))


def test_a_kit_is_told_of_by_events_of_both_types(scene: Scene) -> None:
    created = kit(1, "UL42345", "KIT_SHIPPED", shipment_id=5) | {"type": "kit.created"}
    scene.given(created)
    scene.send(kit(2, "UL42345", "KIT_FAILED", reason="leaked"))
    assert scene.topics == ["Delivery.Recorded", "Kit.Told"]
    stands = kit_standing(scene.ledger, "UL42345")
    assert stands == Standing("KIT_FAILED", "leaked", 5, NOON, NOON)


def test_a_report_is_blocked_and_then_available_without_its_reason(scene: Scene) -> None:
    scene.given(report(1, 345345, "BLOCKED", reason="no consent"))
    scene.send(report(2, 345345, "AVAILABLE"))
    assert scene.topics == ["Delivery.Recorded", "Report.Told"]
    stands = report_standing(scene.ledger, 345345)
    assert stands == Standing("AVAILABLE", None, None, NOON, NOON)


def test_the_senders_time_counts_and_else_the_time_of_receipt(scene: Scene) -> None:
    scene.given(kit(1, "A", "KIT_SHIPPED", created_at="2026-01-05 11:00:00"))
    scene.send(kit(2, "A", "KIT_RECEIVED"), at=minutes(1))
    stands = kit_standing(scene.ledger, "A")
    assert stands is not None
    assert (stands.created_at, stands.modified_at) == (minutes(-60), minutes(1))


def test_a_status_that_nobody_knows_becomes_the_status(scene: Scene) -> None:
    scene.send(kit(1, "A", "KIT_SENT_TO_THE_MOON"))
    stands = kit_standing(scene.ledger, "A")
    assert stands is not None
    assert stands.status == "KIT_SENT_TO_THE_MOON"


def test_nothing_is_recorded_that_nobody_said(scene: Scene) -> None:
    scene.send(kit(9, "A", "KIT_RECEIVED"))
    assert scene.topics == ["Delivery.Recorded", "Kit.Told"]


def test_a_type_that_nobody_knows_is_recorded_and_touches_nothing(scene: Scene) -> None:
    [outcome] = scene.send({"id": 3, "type": "moon.landed", "data": {"by": "Eagle"}})
    assert (outcome.status, outcome.position) == ("recorded", 1)
    assert scene.topics == ["Delivery.Recorded"]


def test_an_aggregate_hands_over_what_it_decided_once(scene: Scene) -> None:
    registration, _ = scene.ledger.register_kit(
        now=NOON, customer=1, kit="A", verification_date=None
    )
    assert registration.collect_events() == []
    assert registration.version == 1
