"""The marshmallow fields of all schemas: they convert no types.

`fast_type` is the type of a field's valid values for receiver.fast_check; `check_printable` says that
the values must be checked for control characters besides.
"""

import re
from typing import Annotated, Any

from marshmallow import ValidationError, fields, validate
from msgspec import Meta

from domain.limits import LARGEST_ID

LONGEST_BARCODE = 64
LONGEST_PROSE = 4000
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Id(fields.Integer):
    """An integer from 0 to 2^53 - 1: no text, no fraction, no true or false."""

    fast_type = Annotated[int, Meta(ge=0, le=LARGEST_ID)]

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("validate", validate.Range(0, LARGEST_ID))
        super().__init__(strict=True, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if type(value) is not int:
            raise self.make_error("invalid")
        return value


class QueryId(fields.Integer):
    """An integer from 0 to 2^53 - 1 in a query string: digits alone."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("validate", validate.Range(0, LARGEST_ID))
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not re.fullmatch(r"[0-9]{1,16}", str(value)):
            raise self.make_error("invalid")
        return int(value)


class Text(fields.String):
    """Text of a bounded length, without control characters or halves of surrogate pairs."""

    check_printable = True

    def __init__(self, longest: int, *, shortest: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(shortest, longest), **kwargs)
        self.fast_type = Annotated[str, Meta(min_length=shortest, max_length=longest)]

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if _UNPRINTABLE.search(text):
            raise ValidationError("Must not have control characters.")
        return text


class Prose(fields.String):
    """Text that may have several lines, without characters that a database refuses."""

    check_printable = True

    def __init__(self, longest: int = LONGEST_PROSE, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(0, longest), **kwargs)
        self.fast_type = Annotated[str, Meta(max_length=longest)]

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if "\0" in text or (not text.isascii() and re.search(r"[\ud800-\udfff]", text)):
            raise ValidationError("Not valid Unicode text.")
        return text


class WholeMatch(validate.Regexp):
    """Refuse text that a pattern does not match to its end.

    In Python `$` matches before a last line feed too, and JSON Schema does not know `\\Z`.
    """

    def __call__(self, value: Any) -> Any:
        """Return the text, or raise ValidationError."""
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self._format_error(value))
        return value


_STATUS = WholeMatch(r"^[A-Z_]{1,64}$", error="Must be 1 to 64 capitals and underscores.")


class Status(fields.String):
    """A status: 1 to 64 capitals and underscores, known or not."""

    fast_type = Annotated[str, Meta(pattern=r"\A[A-Z_]{1,64}\Z")]

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("metadata", {"description": "Known statuses and others."})
        super().__init__(validate=_STATUS, **kwargs)
