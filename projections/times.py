"""Times as the read models keep them: integers, exact and sorted like time on every database."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_microseconds(time: datetime) -> int:
    """Count the microseconds since 1970 of an aware datetime."""
    return (time - EPOCH) // timedelta(microseconds=1)


def from_microseconds(microseconds: int) -> datetime:
    """Return the aware UTC datetime of so many microseconds since 1970."""
    return EPOCH + timedelta(microseconds=microseconds)
