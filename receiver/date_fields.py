"""The marshmallow fields of dates and times: aware UTC datetimes inside."""

from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields

from domain.times import to_seconds
from receiver import dates


class UtcDateTime(fields.String):
    """A date or date-time in seconds; see `dates.parse` for the input, `dates.iso` for the output."""

    fast_type = str

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        try:
            return self.read(super()._deserialize(value, attr, data, **kwargs))
        except ValueError as error:
            raise ValidationError(f"{error}.") from error

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else dates.iso(value)

    def read(self, text: str) -> datetime:
        """Parse the text; raises ValueError."""
        return to_seconds(dates.parse(text))

    def fast_read(self, text: str) -> datetime:
        """Parse the text; raises ValueError."""
        return self.read(text)


class MillisecondDateTime(UtcDateTime):
    """A date or date-time, truncated to milliseconds."""

    def read(self, text: str) -> datetime:
        """Parse the text; raises ValueError."""
        return dates.millis(dates.parse(text))


class MicrosecondDateTime(UtcDateTime):
    """A time of the ledger's own clock, formatted as `2017-11-24T10:00:00.123456+00:00`."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else value.isoformat(timespec="microseconds")


class QueryDateTime(UtcDateTime):
    """A date or date-time in a query string."""

    def read(self, text: str) -> datetime:
        """Parse the text; raises ValueError."""
        return dates.parse_query(text)


class SpacedMillisecondDateTime(UtcDateTime):
    """A date-time, formatted as `2018-01-01 17:30:17.829`."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else dates.spaced_millis(value)


class SpacedDateTime(UtcDateTime):
    """A date-time, formatted as `2017-11-24 10:00:00`."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else dates.spaced(value)
