"""Parsing and formatting dates: aware UTC datetimes inside, the API's formats outside."""

import re
from datetime import UTC, datetime

_SHAPE = re.compile(r"\d{4}[-\dWw]{3,6}(?:[Tt ]\d{2}[\d:.,]*(?:[Zz]|[+-]\d{2}:?\d{2})?)?", re.ASCII)
_SPACED_OFFSET = re.compile(r"(.+[Tt ]\d{2}[\d:.,]*) (\d{2}:?\d{2})", re.ASCII)


def utc_now() -> datetime:
    """Return the current time, aware, UTC."""
    return datetime.now(UTC)


def millis(time: datetime) -> datetime:
    """Truncate a time to the milliseconds that answers show."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def parse(text: str) -> datetime:
    """Parse an ISO 8601 date or date-time, or `YYYY-MM-DD HH:MM:SS`; naive means UTC.

    Returns an aware UTC datetime. Raises ValueError, also for years outside 1 to 9999.
    """
    if not _SHAPE.fullmatch(text):
        raise ValueError("not an ISO 8601 date or date-time")
    try:
        time = datetime.fromisoformat(text.upper())
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError("not an ISO 8601 date or date-time") from None


def parse_query(text: str) -> datetime:
    """Parse a date in a query string; the `+` of an offset may have become a space."""
    spaced = _SPACED_OFFSET.fullmatch(text)
    return parse("+".join(spaced.groups()) if spaced else text)


def iso(time: datetime) -> str:
    """Format as `2017-11-24T10:00:00+00:00`."""
    return time.isoformat(timespec="seconds")


def spaced_millis(time: datetime) -> str:
    """Format as `2018-01-01 17:30:17.829`."""
    return time.replace(tzinfo=None).isoformat(" ", timespec="milliseconds")


def spaced(time: datetime) -> str:
    """Format as `2017-11-24 10:00:00`."""
    return time.replace(tzinfo=None).isoformat(" ", timespec="seconds")
