"""Every date that comes in or goes out: aware and UTC inside, in the contract's shapes outside."""

import re
from datetime import UTC, datetime

_SHAPE = re.compile(r"\d{4}[-\dWw]{3,6}(?:[Tt ]\d{2}[\d:.,]*(?:[Zz]|[+-]\d{2}:?\d{2})?)?", re.ASCII)
_SPACED_OFFSET = re.compile(r"(.+[Tt ]\d{2}[\d:.,]*) (\d{2}:?\d{2})", re.ASCII)


def utc_now() -> datetime:
    """Return the time, aware, UTC."""
    return datetime.now(UTC)


def millis(moment: datetime) -> datetime:
    """Cut a time to the milliseconds that are shown, so that what is shown is what is kept."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def parse(text: str) -> datetime:
    """Read an ISO 8601 date or date-time, or `YYYY-MM-DD HH:MM:SS`; naive means UTC.

    Returns an aware UTC datetime; raises ValueError for anything else, years beyond 1 to 9999 too.
    """
    if not _SHAPE.fullmatch(text):
        raise ValueError("not an ISO 8601 date or date-time")
    try:
        moment = datetime.fromisoformat(text.upper())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError("not an ISO 8601 date or date-time") from None


def parse_query(text: str) -> datetime:
    """Read a date from a query string, where the `+` of an offset may have arrived as a space."""
    spaced = _SPACED_OFFSET.fullmatch(text)
    return parse("+".join(spaced.groups()) if spaced else text)


def iso(moment: datetime) -> str:
    """Write `2017-11-24T10:00:00+00:00`."""
    return moment.isoformat(timespec="seconds")


def spaced_millis(moment: datetime) -> str:
    """Write `2018-01-01 17:30:17.829`."""
    return moment.replace(tzinfo=None).isoformat(" ", timespec="milliseconds")


def spaced(moment: datetime) -> str:
    """Write `2017-11-24 10:00:00`."""
    return moment.replace(tzinfo=None).isoformat(" ", timespec="seconds")
