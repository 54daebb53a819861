"""A delivery is recorded once, by source, id and JSON value; another value is put aside."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.aggregates.delivery import Delivery, canonical, content
from domain.aggregates.quarantine import Quarantine
from domain.messages import Outcome
from tests.domain.scene import Scene, deepest, kit, verified

pytestmark = pytest.mark.one_store

SAID = b'{"id": 1, "type": "t", "data": {"n": 1, "s": "\xc3\xa9", "l": [1, {"a": null}]}}'
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_a_new_delivery_is_kept_exactly_with_who_sent_it_when(scene: Scene) -> None:
    body = b' {"type": "t",\n "id": 5, "data": {}, "more": 1.50, "created_at": "2026-01-05T13:00+02:00"} '
    [outcome] = scene.send(body)
    assert outcome == Outcome("recorded", 5, position=1)
    [event] = scene.news
    assert isinstance(event, Delivery.Recorded)
    assert event.delivery() == verified(body)
    assert (event.event_id, event.type, event.batch) == (5, "t", None)
    assert event.created_at.isoformat() == "2026-01-05T11:00:00+00:00"


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(SAID, id="the same bytes"),
        pytest.param(json.dumps(json.loads(SAID), sort_keys=True).encode(), id="another key order"),
        pytest.param(json.dumps(json.loads(SAID), indent=3).encode(), id="other blanks"),
        pytest.param(SAID.replace(b'"n": 1', b'"n": 1.0'), id="1.0 for 1"),
        pytest.param(SAID.replace(b'"n": 1', b'"n": 10e-1'), id="10e-1 for 1"),
        pytest.param(SAID.replace(b"\xc3\xa9", b"\\u00e9"), id="an escaped letter"),
    ],
)
def test_the_same_json_value_again_changes_nothing(scene: Scene, again: bytes) -> None:
    [first] = scene.given(SAID)
    assert scene.send(again) == [Outcome("duplicate", 1, position=first.position)]
    assert scene.news == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(SAID.replace(b'"n": 1', b'"n": true'), id="true is not 1"),
        pytest.param(SAID.replace(b'"n": 1', b'"n": "1"'), id="text is not a number"),
        pytest.param(SAID.replace(b'"n": 1', b'"n": 1.5'), id="another number"),
        pytest.param(SAID.replace(b"null", b"0"), id="0 is not null"),
        pytest.param(SAID.replace(b'[1, {"a": null}]', b'[{"a": null}, 1]'), id="another order"),
        pytest.param(SAID.replace(b'"t"', b'"u"'), id="another type"),
    ],
)
def test_another_json_value_under_the_same_id_is_put_aside(scene: Scene, other: bytes) -> None:
    scene.given(SAID)
    [outcome] = scene.send(other)
    assert (outcome.status, outcome.event_id, outcome.position) == ("conflict", 1, None)
    [held] = scene.news
    assert isinstance(held, Quarantine.Held)
    assert (held.reason, held.event_id, held.delivery()) == ("conflict", 1, verified(other))


def test_a_conflict_that_comes_again_is_held_once(scene: Scene) -> None:
    scene.given(kit(1, "A", "KIT_SHIPPED"))
    first = scene.send(kit(1, "A", "KIT_FAILED"))
    assert scene.send(kit(1, "A", "KIT_FAILED")) == first
    assert scene.topics == ["Quarantine.Held"]


@pytest.mark.parametrize(
    ("body", "reason", "event_id"),
    [
        (b"{", "not-json", None),
        (b"\xff", "not-json", None),
        (b"NaN", "not-json", None),
        (b'{"id": 4, "type": "t"}', "invalid", 4),
        (b'{"id": 4, "type": "kit.created", "data": {"kit": {}}}', "invalid", 4),
        (
            b'{"id": 4, "type": "report.updated", "data": {"report": {"id": 1, "status": "x"}}}',
            "invalid",
            4,
        ),
        (b'"text"', "invalid", None),
    ],
)
def test_what_is_no_sound_envelope_is_held_once_with_its_reasons(
    scene: Scene, body: bytes, reason: str, event_id: int | None
) -> None:
    [outcome] = scene.send(body)
    assert (outcome.status, outcome.event_id, outcome.quarantine) == (reason, event_id, 1)
    assert outcome.errors
    assert scene.send(body) == [outcome]
    [held] = scene.news
    assert isinstance(held, Quarantine.Held)
    assert (held.body, held.reason, held.errors) == (body, reason, outcome.errors)


def test_two_sources_may_use_the_same_id(scene: Scene) -> None:
    scene.given(SAID)
    assert scene.send(SAID.replace(b"null", b"1"), source="other") == [
        Outcome("recorded", 1, position=2)
    ]


def test_the_repeat_of_the_most_deeply_nested_value_is_a_duplicate(scene: Scene) -> None:
    [first] = scene.given(deepest(1))
    assert scene.send(b" " + deepest(1)) == [Outcome("duplicate", 1, position=first.position)]


def test_only_what_was_sent_is_known_of_a_new_delivery() -> None:
    delivery = Delivery(Delivery.create_id("lab", 1))
    assert delivery.current is None
    assert not delivery.repeats(SAID, content("kit.updated", None, None))
    assert delivery.id == "delivery/lab/0000000000000001"


@given(value=VALUES)
def test_a_spelling_of_a_value_depends_on_the_value_alone(value: Any) -> None:
    plain = json.dumps(value).encode()
    other = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True)
    assert canonical(plain) == canonical(other.encode("utf-8", "surrogatepass"))
    assert json.loads(canonical(plain)) == value


@given(one=VALUES, other=VALUES)
def test_values_that_differ_are_spelled_differently(one: Any, other: Any) -> None:
    alike = canonical(json.dumps(one).encode()) == canonical(json.dumps(other).encode())
    assert not alike or one == other


@pytest.mark.parametrize("at", [0, 10**15])
def test_streams_of_neighbouring_ids_are_neighbours(at: int) -> None:
    names = [Delivery.create_id("lab", at + n) for n in range(20)]
    assert names == sorted(names)
