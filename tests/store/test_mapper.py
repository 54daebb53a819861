"""Event to bytes and back: nothing is lost, an older shape is brought up to date, a broken one named."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar

import msgspec
import pytest
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from domain.aggregate import Event
from store.mapper import Mapper
from store.transcoder import MessagePackTranscoder
from tests.store.stored import without_salt

MAPPER = Mapper(MessagePackTranscoder())
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
FIRST, LAST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
FIRST, LAST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
MOMENTS = st.builds(
    lambda since, zone: (FIRST + since).astimezone(zone),
    st.timedeltas(timedelta(0), LAST - FIRST),
    st.just(UTC) | ZONES,
)


@dataclass(frozen=True, kw_only=True)
class Weighed(Event):
    """An event as it is today: it used to say `pounds`, and nothing of who weighed."""

    TOPIC: ClassVar[str] = "test.Weighed"
    class_version: ClassVar[int] = 3
    grams: int
    by: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Bring the shape of the first version to that of the second."""
        state["grams"] = round(state.pop("pounds") * 453.59237)

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        """Bring the shape of the second version to that of today."""
        state["by"] = "unknown"


@dataclass(frozen=True, kw_only=True)
class Noted(Event):
    """An event with something of everything that states are made of."""

    TOPIC: ClassVar[str] = "test.Noted"
    body: bytes
    at: datetime | None
    number: int | None
    text: str
    errors: dict[str, list[str]]


NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
TODAY = Weighed(originator_id="w/1", originator_version=4, timestamp=NOW, grams=907, by="Ada")


def stored(**state: Any) -> StoredEvent:
    """Store a state as an earlier version of the program did."""
    return StoredEvent("w/1", 4, Weighed.TOPIC, msgspec.msgpack.encode({"timestamp": NOW, **state}))


@given(
    body=st.binary(),
    at=st.none() | MOMENTS,
    number=st.none() | st.integers(-(2**63), 2**63 - 1),
    text=st.text(),
    errors=st.dictionaries(st.text(), st.lists(st.text(), max_size=2), max_size=3),
)
def test_an_event_comes_back_as_it_was(**values: Any) -> None:
    event = Noted(originator_id="n/1", originator_version=1, timestamp=NOW, **values)
    there = MAPPER.to_stored_event(event)
    back = MAPPER.to_domain_event(there)
    assert back == event
    assert without_salt(MAPPER.to_stored_event(back).state) == without_salt(there.state)
    assert back.timestamp.utcoffset() == timedelta(0)


def test_the_first_shape_is_brought_up_to_date_step_by_step() -> None:
    upcast = MAPPER.to_domain_event(stored(pounds=2))
    assert vars(upcast) == vars(TODAY) | {"by": "unknown"}


def test_the_second_shape_takes_the_second_step_alone() -> None:
    upcast = MAPPER.to_domain_event(stored(grams=907, class_version=2))
    assert vars(upcast) == vars(TODAY) | {"by": "unknown"}


def test_todays_shape_says_its_version_and_is_taken_as_it_is() -> None:
    there = MAPPER.to_stored_event(TODAY)
    assert msgspec.msgpack.decode(there.state)["class_version"] == 3
    assert MAPPER.to_domain_event(there) == TODAY


def test_an_event_of_the_first_version_spends_no_byte_on_it() -> None:
    event = Noted(
        originator_id="n/1",
        originator_version=1,
        timestamp=NOW,
        body=b"",
        at=None,
        number=None,
        text="",
        errors={},
    )
    assert list(msgspec.msgpack.decode(MAPPER.to_stored_event(event).state)) == [
        *("timestamp", "body", "at", "number", "text", "errors", "salt")
    ]


@pytest.mark.parametrize("state", [b"", b"\xc1", b"\x80\x80", b"\x90", b"\x81\x01\x02", b"{}"])
def test_a_broken_state_is_named_with_its_place(state: bytes) -> None:
    with pytest.raises(
        MapperDeserialisationError, match=r"test\.Weighed of w/1 version 4 can't be"
    ):
        MAPPER.to_domain_event(StoredEvent("w/1", 4, Weighed.TOPIC, state))
