"""The fast check accepts nothing that its schema refuses, and reads the same from it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver import envelopes
from receiver.event_types import event_types

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
    type=st.sampled_from([*event_types(), "moon.landed", None]),
    data=st.one_of(some(kit=KITS, report=REPORTS), st.none()),
    created_at=TIMES,
)


@given(EVENTS)
def test_a_fast_check_reads_what_the_schema_reads(event: dict[str, Any]) -> None:
    fast = envelopes._read_fast(event, b"{}")
    assert fast is None or fast == envelopes._read_by_schema(event, b"{}")


@pytest.mark.parametrize("kind", ["kit", "report"])
def test_a_common_event_passes_the_fast_check(kind: str) -> None:
    data = {
        "kit": {"barcode": "UL42345", "status": "KIT_FAILED", "reason": "leaked", "shipment_id": 1}
    }
    data |= {"report": {"id": 5, "status": "AVAILABLE"}}
    event = {"id": 1, "type": f"{kind}.updated", "data": data, "created_at": "2017-11-24 10:00:00"}
    assert envelopes._read_fast(event, b"{}") == envelopes._read_by_schema(event, b"{}")


@pytest.mark.parametrize(
    "value", [None, 5, "kit.updated", [], {}, {"type": []}, {"type": "kit.updated"}]
)
def test_a_value_that_is_no_event_is_left_to_the_schema(value: Any) -> None:
    assert envelopes._read_fast(value, b"{}") is None
