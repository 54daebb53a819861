"""The fast check accepts nothing that its schema refuses, and reads the same from it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields

from domain.aggregates.kit import Kit
from domain.messages import Message
from receiver import envelopes
from receiver.date_fields import UtcDateTime
from receiver.event_types import PayloadType, event_types
from receiver.fast_check import FastCheck, NoFastCheck
from receiver.fields import Id, Prose, Status, Text
from receiver.resources.kits import KitSchema

NUMBERS = st.one_of(st.integers(-1, 2**53), st.just(2**60), st.floats(), st.booleans(), st.text())
TEXTS = st.one_of(
    st.none(), st.text(max_size=70), st.integers(), st.just("x" * 4001), st.just("\0")
)
STATUSES = st.one_of(st.sampled_from(["KIT_SHIPPED", "A", "_", "a", "", "A\n"]), TEXTS)
TIMES = st.one_of(
    st.sampled_from([None, "2017-11-24 10:00:00", "2017-11-24T10:00Z", "soon", 7]), TEXTS
)
VALUES = {Id: NUMBERS, Text: TEXTS, Prose: TEXTS, Status: STATUSES, UtcDateTime: TIMES}
PLAIN: dict[type, Any] = {
    Id: 5,
    Text: "UL42345",
    Prose: "it leaked",
    Status: "KIT_FAILED",
    UtcDateTime: "2017-11-24 10:00:00",
}


def some(strategies: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw objects that have each field, or not."""
    return st.fixed_dictionaries({}, optional=strategies)


def by_key(schema: Schema, values: dict[type, Any]) -> dict[str, Any]:
    """Return the value of each field's class, by the field's name in JSON."""
    return {each.data_key or name: values[type(each)] for name, each in schema.fields.items()}


def data() -> st.SearchStrategy[Any]:
    """Draw what an event may have as its data: any of the payloads, valid or not."""
    payloads = {
        each.aggregate.category: some({**by_key(each.schema, VALUES), "more": TEXTS})
        for each in event_types().values()
    }
    return st.one_of(some(payloads), st.none())


EVENTS = some(
    {
        "id": NUMBERS,
        "type": st.sampled_from([*event_types(), "moon.landed", None]),
        "data": data(),
        "created_at": TIMES,
    }
)


@given(EVENTS)
def test_a_fast_check_reads_what_the_schema_reads(event: dict[str, Any]) -> None:
    fast = envelopes._read_fast(event, b"{}")
    assert fast is None or fast == envelopes._read_by_schema(event, b"{}")


@pytest.mark.parametrize("event_type", event_types())
def test_each_event_type_has_a_fast_check(event_type: str) -> None:
    payload = event_types()[event_type]
    shown = {payload.aggregate.category: by_key(payload.schema, PLAIN)}
    event = {"id": 1, "type": event_type, "data": shown, "created_at": PLAIN[UtcDateTime]}

    fast = envelopes._read_fast(event, b"{}")

    assert isinstance(fast, Message)
    assert fast == envelopes._read_by_schema(event, b"{}")


@given(TIMES, TEXTS)
def test_a_value_that_is_read_further_is_what_the_schema_reads(time: Any, name: Any) -> None:
    schema = Schema.from_dict(
        {"at": UtcDateTime(data_key="when", required=True), "name": Text(9, attribute="called")}
    )()
    given = {"when": time, "name": name}
    check = FastCheck(schema, "checked")
    try:
        fast = check.values(msgspec.convert(given, check.struct))
    except (msgspec.ValidationError, ValueError):
        return
    assert fast == schema.load(given)


@pytest.mark.parametrize("field", [fields.Integer(load_default=None), Id(load_default=7)])
def test_a_field_that_can_not_be_checked_fast_is_refused(field: fields.Field[Any]) -> None:
    class Payload(KitSchema):
        shipment_id = field

    with pytest.raises(NoFastCheck, match="shipment_id has no fast check"):
        PayloadType(Kit, Payload)


def test_a_payload_without_a_field_of_its_event_is_refused() -> None:
    class Payload(KitSchema):
        class Meta:
            exclude = ("shipment_id",)

    with pytest.raises(TypeError, match=r"not .*shipment_id"):
        PayloadType(Kit, Payload)


@pytest.mark.parametrize(
    "value", [None, 5, "kit.updated", [], {}, {"type": []}, {"type": "kit.updated"}]
)
def test_a_value_that_is_no_event_is_left_to_the_schema(value: Any) -> None:
    assert envelopes._read_fast(value, b"{}") is None
