"""An array is recorded in one transaction, kept whole once, and answered envelope by envelope."""

import json
from typing import Any

import pytest
from eventsourcing.persistence import OperationalError
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.aggregates.batch import Batch
from domain.aggregates.delivery import Delivery
from domain.aggregates.quarantine import Quarantine
from domain.receipt import Receipt
from receiver import arrays, envelopes
from tests.domain.scene import Scene, encoded, kit, verified
from tests.harness.ledgers import recorder_of
from tests.harness.stores import refuse_writes

pytestmark = pytest.mark.one_store

SOUND = kit(1, "A", "KIT_SHIPPED")
OTHER = kit(2, "B", "KIT_SHIPPED")
CONFLICT = kit(1, "A", "KIT_FAILED")
UNFIT = {"id": 7, "type": "kit.updated", "data": {}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=4,
)
BLANKS = st.text(" \t\r\n", max_size=3)


def test_each_envelope_has_its_own_outcome_in_its_own_place(scene: Scene) -> None:
    outcomes = scene.send([SOUND, UNFIT, OTHER, SOUND, CONFLICT])
    statuses = ["recorded", "invalid", "recorded", "duplicate", "conflict"]
    assert [outcome.status for outcome in outcomes] == statuses
    assert [outcome.event_id for outcome in outcomes] == [1, 7, 2, 1, 1]
    assert outcomes[3].position == outcomes[0].position
    assert scene.topics == [
        "Batch.Received",
        *("Delivery.Recorded", "Kit.Observed"),
        "Quarantine.Held",
        *("Delivery.Recorded", "Kit.Observed"),
        "Quarantine.Held",
    ]


def test_every_outcome_says_where_its_event_is(scene: Scene) -> None:
    outcomes = scene.send([SOUND, UNFIT])
    news = scene.news
    for outcome, topic in zip(outcomes, ("Delivery.Recorded", "Quarantine.Held"), strict=True):
        place = outcome.position or outcome.quarantine
        assert place is not None
        assert topic == news[place - 1].TOPIC


def test_the_signed_array_is_kept_whole_and_once(scene: Scene) -> None:
    body = b"[ " + encoded(SOUND) + b" ,\n" + encoded(OTHER) + b" ] "
    scene.send(body)
    batch, *parts = [event for event in scene.news if isinstance(event, Receipt)]
    assert isinstance(batch, Batch.Received)
    assert batch.delivery() == verified(body)
    assert [part.body for part in parts] == [encoded(SOUND), encoded(OTHER)]
    assert {part.batch for part in parts} == {batch.originator_id}
    assert {(part.webhook_id, part.webhook_timestamp, part.signature) for part in parts} == {
        ("", "", "")
    }


def test_the_same_array_again_changes_nothing(scene: Scene) -> None:
    first = scene.given([SOUND, OTHER, UNFIT])
    again = scene.send([SOUND, OTHER, UNFIT])
    assert [outcome.status for outcome in again] == ["duplicate", "duplicate", "invalid"]
    assert [(o.position, o.quarantine) for o in again] == [
        (o.position, o.quarantine) for o in first
    ]
    assert scene.news == []


def test_an_array_whose_every_envelope_is_known_is_not_kept(scene: Scene) -> None:
    scene.given(SOUND, OTHER)
    assert [outcome.status for outcome in scene.send([OTHER, SOUND])] == ["duplicate"] * 2
    assert scene.news == []


def test_a_repeated_array_that_brings_something_new_is_kept_before_it(scene: Scene) -> None:
    scene.given(SOUND)
    scene.send([SOUND, OTHER])
    assert scene.topics == ["Batch.Received", "Delivery.Recorded", "Kit.Observed"]


def test_a_conflict_in_an_array_is_held_once_however_often_the_array_comes(scene: Scene) -> None:
    scene.given(SOUND)
    first = scene.send([CONFLICT, OTHER])
    again = scene.send([CONFLICT, OTHER])
    assert [outcome.status for outcome in again] == ["conflict", "duplicate"]
    assert again[0].quarantine == first[0].quarantine
    assert scene.topics.count("Quarantine.Held") == 1


@pytest.mark.parametrize("repeated", [SOUND, UNFIT])
def test_what_repeats_within_an_array_is_kept_once(scene: Scene, repeated: Any) -> None:
    first, *others = scene.send([repeated] * 3)
    assert {(each.position, each.quarantine) for each in others} == {
        (first.position, first.quarantine)
    }
    kept = [event for event in scene.news if isinstance(event, Delivery.Recorded | Quarantine.Held)]
    assert len(kept) == 1


def test_several_envelopes_about_one_kit_are_told_in_their_order(scene: Scene) -> None:
    scene.send([kit(n, "A", "KIT_SHIPPED") for n in (3, 1, 2)])
    told = [event for event in scene.news if event.TOPIC == "Kit.Observed"]
    assert [event.originator_version for event in told] == [1, 2, 3]
    assert [vars(event)["event_id"] for event in told] == [3, 1, 2]


def test_an_empty_array_records_nothing(scene: Scene) -> None:
    assert scene.send([]) == []
    assert scene.news == []


def test_too_long_an_array_is_held_whole(scene: Scene) -> None:
    body = encoded([SOUND] * (arrays.LONGEST_ARRAY + 1))
    [outcome] = scene.send(body)
    assert (outcome.status, list(outcome.errors)) == ("invalid", ["body"])
    [held] = scene.news
    assert isinstance(held, Quarantine.Held)
    assert (held.body, held.batch) == (body, None)


def test_of_an_array_that_the_store_cannot_take_nothing_is_kept(scene: Scene) -> None:
    refuse_writes(recorder_of(scene.ledger))
    with pytest.raises(OperationalError):
        scene.send([SOUND, OTHER])
    assert scene.news == []
    assert [outcome.status for outcome in scene.send([SOUND, OTHER])] == ["recorded"] * 2


@given(values=st.lists(JSON, max_size=4), blanks=st.lists(BLANKS, min_size=10, max_size=10))
@settings(deadline=None)
def test_the_parts_of_an_array_are_its_exact_slices(values: list[Any], blanks: list[str]) -> None:
    parts = [json.dumps(value, ensure_ascii=False) for value in values]
    spaced = [blank + part for blank, part in zip(blanks, parts, strict=False)]
    body = (blanks[8] + "[" + ",".join(spaced) + blanks[9] + "]").encode("utf-8", "replace")
    read, batch = envelopes.read(body)
    assert batch
    assert [message.body for message in read] == [part.encode("utf-8", "replace") for part in parts]
