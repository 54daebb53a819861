"""The quick look at events takes nothing that the schemas would not take, and the same from it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver import envelopes, fast_check

NUMBERS = st.one_of(st.integers(-1, 2**53), st.just(2**60), st.floats(), st.booleans(), st.text())
TEXTS = st.one_of(
    st.none(), st.text(max_size=70), st.integers(), st.just("x" * 4001), st.just("\0")
)
STATUSES = st.one_of(st.sampled_from(["KIT_SHIPPED", "A", "_", "a", "", "A\n"]), TEXTS)
TIMES = st.one_of(
    st.sampled_from([None, "2017-11-24 10:00:00", "2017-11-24T10:00Z", "soon", 7]), TEXTS
)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw objects that have each field, or not."""
    return st.fixed_dictionaries({}, optional=fields)


KITS = some(barcode=TEXTS, status=STATUSES, shipment_id=NUMBERS, reason=TEXTS, more=TEXTS)
REPORTS = some(id=NUMBERS, status=STATUSES, reason=TEXTS)
EVENTS = some(
    id=NUMBERS,
    type=st.sampled_from([*fast_check.SHAPES, "moon.landed", None]),
    data=st.one_of(some(kit=KITS, report=REPORTS), st.none()),
    created_at=TIMES,
)


@given(EVENTS)
def test_what_is_taken_quickly_is_taken_carefully_and_the_same(event: dict[str, Any]) -> None:
    quick = envelopes._quickly(event, b"{}")
    assert quick is None or quick == envelopes._carefully(event, b"{}")


@pytest.mark.parametrize("kind", ["kit", "report"])
def test_a_common_event_is_taken_quickly(kind: str) -> None:
    about = {
        "kit": {"barcode": "UL42345", "status": "KIT_FAILED", "reason": "leaked", "shipment_id": 1}
    }
    about |= {"report": {"id": 5, "status": "AVAILABLE"}}
    event = {"id": 1, "type": f"{kind}.updated", "data": about, "created_at": "2017-11-24 10:00:00"}
    assert envelopes._quickly(event, b"{}") == envelopes._carefully(event, b"{}")


@pytest.mark.parametrize(
    "value", [None, 5, "kit.updated", [], {}, {"type": []}, {"type": "kit.updated"}]
)
def test_what_is_no_event_is_left_to_the_schemas(value: Any) -> None:
    assert fast_check.look(value) is None
