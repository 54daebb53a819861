"""What was verified but could not be recorded stays until somebody decides about it, once."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.aggregates.delivery import Delivery
from domain.aggregates.quarantine import Quarantine
from domain.errors import NotFound, QuarantineClosed, StillRefused, UnknownQuarantined, WouldReplace
from domain.messages import InvalidEnvelope, Message, Outcome
from domain.use_cases import quarantine
from receiver import arrays, envelopes, strict_json
from tests.domain.scene import NOON, Scene, encoded, kit, kit_status, release_one

pytestmark = pytest.mark.one_store

SOUND = kit(1, "A", "KIT_SHIPPED")
CONFLICT = kit(1, "A", "KIT_FAILED", reason="leaked")
BROKEN = b'{"id": 4, "type": "kit.updated", "data": {"kit": {"barcode": "A", "state": "KIT_LOST"}}}'


def mended(body: bytes) -> tuple[list[Message | InvalidEnvelope], bool]:
    """Read as a later version of the program does, which understands what was `state`."""
    read, batch = envelopes.read(body.replace(b'"state"', b'"status"'))
    return [
        Message(body, m.event_id, m.type, m.created_at, m.payload)
        for m in read
        if isinstance(m, Message)
    ], batch


def test_after_a_fix_it_becomes_a_normal_delivery_as_old_as_it_is(scene: Scene) -> None:
    [held] = scene.given(BROKEN)
    assert held.quarantine is not None
    later = NOON + timedelta(days=1)
    outcomes = release_one(scene.ledger, held.quarantine, mended, now=later)
    assert outcomes == [Outcome("recorded", 4, position=2)]
    recorded, told, released = scene.news
    assert isinstance(recorded, Delivery.Recorded)
    assert (recorded.body, recorded.created_at, recorded.timestamp) == (BROKEN, NOON, later)
    assert told.TOPIC == "Kit.Observed"
    assert isinstance(released, Quarantine.Released)
    assert (released.by, released.timestamp) == ("operator/tester", later)


def test_what_is_still_unfit_is_not_released(scene: Scene) -> None:
    [held] = scene.given(BROKEN)
    with pytest.raises(StillRefused, match=r"invalid: data\.kit\.status: Missing data"):
        scene.release(held)
    assert scene.news == []


def test_what_is_no_json_is_not_released(scene: Scene) -> None:
    [held] = scene.given(b"{")
    with pytest.raises(StillRefused, match="not-json"):
        scene.release(held)


def test_a_byte_order_mark_that_was_held_before_it_was_skipped_is_released(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"\xef\xbb\xbf" + encoded(SOUND)
    monkeypatch.setattr(strict_json, "BYTE_ORDER_MARK", b"none")
    [held] = scene.given(body)
    monkeypatch.undo()
    assert held.status == "not-json"
    assert [outcome.status for outcome in scene.release(held)] == ["recorded"]
    assert vars(scene.news[0])["body"] == body


def test_an_element_that_is_an_array_itself_is_still_unfit(scene: Scene) -> None:
    [held] = scene.given([[SOUND]])
    assert held.status == "invalid"
    with pytest.raises(StillRefused):
        scene.release(held)


def test_too_long_an_array_is_released_envelope_by_envelope_when_longer_ones_are_taken(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "LONGEST_ARRAY", 1)
    body = encoded([SOUND, kit(2, "A", "KIT_RECEIVED")])
    [held] = scene.given(body)
    monkeypatch.undo()
    assert [outcome.status for outcome in scene.release(held)] == ["recorded", "recorded"]
    assert scene.topics == [
        "Batch.Received",
        *("Delivery.Recorded", "Kit.Observed"),
        *("Delivery.Recorded", "Kit.Observed"),
        "Quarantine.Released",
    ]
    assert vars(scene.news[0])["body"] == body


def test_what_came_well_in_the_meantime_is_released_as_a_duplicate(scene: Scene) -> None:
    [held] = scene.given(BROKEN)
    assert held.quarantine is not None
    sent = BROKEN.replace(b"state", b"status")
    [recorded] = scene.given(sent)

    def read(body: bytes) -> tuple[list[Message | InvalidEnvelope], bool]:
        return envelopes.read(sent)

    [outcome] = release_one(scene.ledger, held.quarantine, read, now=NOON)
    assert outcome == Outcome("duplicate", 4, position=recorded.position)
    assert scene.topics == ["Quarantine.Released"]


def test_releasing_a_conflict_says_first_what_it_would_replace(scene: Scene) -> None:
    _, held = scene.given(SOUND, CONFLICT)
    with pytest.raises(WouldReplace) as refused:
        scene.release(held)
    assert (refused.value.recorded, refused.value.held) == (encoded(SOUND), encoded(CONFLICT))
    assert scene.news == []


@pytest.mark.parametrize("end", [Scene.release, Scene.discard])
@pytest.mark.parametrize("again", [Scene.release, Scene.discard])
def test_nobody_decides_twice(
    scene: Scene, end: Callable[..., object], again: Callable[..., object]
) -> None:
    [held] = scene.given(BROKEN)
    mend = {"mend": mended}
    assert held.quarantine is not None
    if end is Scene.release:
        release_one(scene.ledger, held.quarantine, mend["mend"], now=NOON)
    else:
        scene.discard(held)
    word = "released" if end is Scene.release else "discarded"
    with pytest.raises(QuarantineClosed, match=word):
        again(scene, held)


def test_what_is_discarded_is_kept_with_the_reason(scene: Scene) -> None:
    [held] = scene.given(b"{")
    scene.discard(held)
    [discarded] = scene.news
    assert isinstance(discarded, Quarantine.Discarded)
    assert (discarded.by, discarded.why) == ("operator/tester", "to see it happen")
    assert held.quarantine is not None
    kept = quarantine.quarantined(scene.ledger.streams, held.quarantine)
    assert kept.held is not None
    assert (kept.held.body, kept.ended) == (b"{", "discarded")


def test_what_was_discarded_and_comes_again_is_not_held_twice(scene: Scene) -> None:
    [held] = scene.given(b"{")
    scene.discard(held)
    assert scene.send(b"{") == [held]
    assert scene.topics == ["Quarantine.Discarded"]


@pytest.mark.parametrize("position", [0, -1, 1, 3, 10**6, 2**63])
def test_only_what_is_held_can_be_treated_so(scene: Scene, position: int) -> None:
    scene.given(SOUND)
    with pytest.raises(UnknownQuarantined) as refused:
        quarantine.quarantined(scene.ledger.streams, position)
    assert isinstance(refused.value, NotFound)


def test_a_quarantine_in_which_nothing_is_held_is_closed(scene: Scene) -> None:
    with pytest.raises(QuarantineClosed, match="never held"):
        Quarantine("quarantine/lab/0").release(now=NOON)


def test_a_held_telling_says_nothing_until_it_is_released(scene: Scene) -> None:
    scene.given(SOUND, CONFLICT)
    stands = kit_status(scene.ledger, "A")
    assert stands is not None
    assert stands.status == "KIT_SHIPPED"
