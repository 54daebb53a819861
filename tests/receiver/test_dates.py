"""Dates as they come in and go out."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver import dates

NOON = datetime(2017, 11, 24, 12, tzinfo=UTC)
ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda m: timezone(timedelta(minutes=m)))
ANYWHERE = st.datetimes(timezones=st.just(UTC) | ZONES)
MOMENTS = ANYWHERE.filter(lambda moment: 1 < moment.year < 9999)


@pytest.mark.parametrize(
    "text",
    [
        "2017-11-24T12:00:00Z",
        "2017-11-24t12:00:00z",
        "2017-11-24T12:00:00+00:00",
        "2017-11-24T12:00:00-00:00",
        "2017-11-24T14:30:00+02:30",
        "2017-11-24T14:30:00+0230",
        "2017-11-24T07:00:00-05:00",
        "2017-11-24T12:00:00",
        "2017-11-24 12:00:00",
        "2017-11-24T12:00",
        "2017-11-24T12",
        "2017-11-24T12:00:00.000",
        "2017-11-24T12:00:00,000000Z",
        "20171124T120000Z",
        "20171124T120000",
        "2017-W47-5T12:00:00Z",
    ],
)
def test_one_moment_can_be_written_in_many_ways(text: str) -> None:
    assert dates.parse(text) == NOON
    assert dates.parse_query(text) == NOON


@pytest.mark.parametrize("text", ["2017-11-24", "20171124", "2017-W47-5"])
def test_a_date_alone_is_its_midnight(text: str) -> None:
    assert dates.parse(text) == NOON.replace(hour=0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "noon",
        "1511524800",
        "12:00:00",
        "2017",
        "2017-11",
        "2017-13-01",
        "2017-02-29",
        "2017-11-24T24:00:01",
        "2017-11-24T12:60:00",
        "2017-11-24T12:00:00+25:00",
        "2017-11-24T12:00:00 UTC",
        "2017-11-24T12:00:00Z ",
        " 2017-11-24",
        "2017-11-24\n",
        "2017-11-24_12:00:00",
        "2017-11-24T12:00:00ZZ",
        "24.11.2017",
        "11/24/2017",
        "+2017-11-24",
        "0000-01-01",
        "10000-01-01",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "２０１７-11-24",  # noqa: RUF001 - digits, but not ours
        "2017-11-24T12:00:00\u221205:00",
        "2017-11-24\x00",
        "2017-11-24T12:00:00\ud800",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    for parse in (dates.parse, dates.parse_query):
        with pytest.raises(ValueError, match="not an ISO 8601 date or date-time"):
            parse(text)


@pytest.mark.parametrize("date", ["2017-11-24T", "2017-11-24 ", "20171124T"])
@pytest.mark.parametrize("time", ["14:00:00 02:00", "14:00 02:00", "140000 0200"])
def test_a_plus_that_became_a_space_is_understood_in_queries_alone(date: str, time: str) -> None:
    assert dates.parse_query(date + time) == NOON
    with pytest.raises(ValueError, match="not an ISO 8601"):
        dates.parse(date + time)


def test_dates_go_out_in_two_shapes() -> None:
    moment = NOON.replace(microsecond=999999)
    assert dates.iso(moment) == "2017-11-24T12:00:00+00:00"
    assert dates.spaced(moment) == "2017-11-24 12:00:00"
    assert dates.spaced(datetime(7, 1, 1, tzinfo=UTC)) == "0007-01-01 00:00:00"


def test_now_is_aware() -> None:
    assert dates.utc_now().tzinfo is UTC


@given(MOMENTS)
def test_what_is_read_is_the_moment_that_was_meant_in_utc(moment: datetime) -> None:
    written = moment.isoformat()

    assert dates.parse(written) == moment
    assert dates.parse(written).tzinfo is UTC
    assert dates.parse_query(written.replace("+", " ")) == moment
    assert dates.parse(moment.replace(tzinfo=None).isoformat(" ")) == moment.replace(tzinfo=UTC)


@given(MOMENTS)
def test_what_goes_out_comes_in_again_to_the_second(moment: datetime) -> None:
    moment = moment.astimezone(UTC)

    for write in (dates.iso, dates.spaced):
        assert dates.parse(write(moment)) == moment.replace(microsecond=0)


@given(st.text() | st.text("0123456789-:+ TZ.W", max_size=30))
def test_any_text_is_a_moment_in_utc_or_refused(text: str) -> None:
    for parse in (dates.parse, dates.parse_query):
        with suppress(ValueError):
            assert parse(text).tzinfo is UTC
