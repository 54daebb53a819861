"""The precision of most times that are kept: that in which they are shown."""

from datetime import datetime


def to_seconds(time: datetime) -> datetime:
    """Truncate a time to seconds."""
    return time.replace(microsecond=0)
