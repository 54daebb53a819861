"""A value returns as it was, or is refused when it is encoded."""

import enum
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import TranscodingNotRegisteredError
from msgspec.msgpack import Ext, encode

from store.transcoder import MessagePackTranscoder


class Colour(enum.Enum):
    """An enumeration."""

    RED = "red"


class Word(enum.StrEnum):
    """An enumeration that is text."""

    YES = "yes"


class Number(enum.IntEnum):
    """An enumeration that is a number."""

    ONE = 1


@dataclass(frozen=True)
class Point:
    """A dataclass."""

    x: int


RETURNED = [
    *(None, True, False, 0, -1, 2**63 - 1, -(2**63), 2**64 - 1, 1.5, "", "ß\0", b"\x00\xff"),
    datetime(2026, 1, 5, 12, tzinfo=UTC),
    [1, [2, "a"], {}],
    {"a": {"b": [None]}, "": 1},
    {1: "one"},
    UUID(int=7),
    Decimal("1.10"),
    datetime(2026, 1, 5, 12),  # noqa: DTZ001 a naive one is meant
    {"in": [{"a": Decimal("0.00")}, UUID(int=1)]},
]
REFUSED = [
    date(2026, 1, 5),
    time(12),
    timedelta(1),
    *(Colour.RED, Word.YES, Number.ONE),
    Point(1),
    (1, 2),
    {1, 2},
    frozenset(),
    bytearray(b"a"),
    1j,
    Path("a"),
    OrderedDict(a=1),
    {Word.YES: 1},
    {(1, 2): 1},
]


@pytest.fixture
def transcoder() -> MessagePackTranscoder:
    """Return a transcoder with the transcodings that every application registers."""
    made = MessagePackTranscoder()
    Application.register_transcodings(None, made)  # type: ignore[arg-type]
    return made


def values(value: Any) -> list[Any]:
    """Return a value where it may stand."""
    return [value, [value], {"a": value}, {"a": [{"b": value}]}]


@pytest.mark.parametrize("value", RETURNED, ids=repr)
def test_it_returns_as_it_was(transcoder: MessagePackTranscoder, value: Any) -> None:
    for each in values(value):
        back = transcoder.decode(transcoder.encode(each))
        assert back == each
        assert repr(back) == repr(each)
    state = {"first": 1, "value": value}
    assert repr(transcoder.decode_state(transcoder.encode_state(state))) == repr(state)


@pytest.mark.parametrize("value", REFUSED, ids=repr)
def test_it_is_refused_where_it_would_return_as_something_else(
    transcoder: MessagePackTranscoder, value: Any
) -> None:
    for each in values(value):
        with pytest.raises(TranscodingNotRegisteredError):
            transcoder.encode(each)
    with pytest.raises(TranscodingNotRegisteredError):
        transcoder.encode_state({"first": 1, "value": value})


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1])
def test_a_number_beyond_64_bits_is_refused(transcoder: MessagePackTranscoder, value: int) -> None:
    with pytest.raises(OverflowError):
        transcoder.encode_state({"value": value})


def test_nothing_is_transcoded_that_is_not_registered() -> None:
    for value in (UUID(int=1), Decimal(1), datetime(2026, 1, 5)):  # noqa: DTZ001
        with pytest.raises(TranscodingNotRegisteredError, match="register a custom transcoding"):
            MessagePackTranscoder().encode(value)


def test_what_was_transcoded_by_an_unknown_transcoding_is_refused(
    transcoder: MessagePackTranscoder,
) -> None:
    encoded = transcoder.encode(UUID(int=1))
    with pytest.raises(TranscodingNotRegisteredError, match="'uuid_hex' is not deserializable"):
        MessagePackTranscoder().decode(encoded)


def test_an_extension_of_somebody_else_is_refused(transcoder: MessagePackTranscoder) -> None:
    with pytest.raises(TranscodingNotRegisteredError, match="'42' is not deserializable"):
        transcoder.decode(encode(Ext(42, b"")))
