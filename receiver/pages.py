"""Pages of lists: cursors, and the Link to the next page."""

import binascii
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from types import UnionType
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from marshmallow import ValidationError, fields, validate

from receiver.answers import answer
from receiver.as_of import next_query
from receiver.fields import QueryId
from receiver.paths import public_path
from receiver.schemas import Lenient

LONGEST_PAGE = 1000


class Cursor(fields.String):
    """A cursor: the values of the previous page's last row, of these types; opaque to callers."""

    def __init__(self, types: Sequence[type | UnionType], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._types = list(types)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            values = json.loads(urlsafe_b64decode(text.encode("ascii")))
        except (ValueError, RecursionError, binascii.Error):
            values = None
        if not (
            isinstance(values, list)
            and len(values) == len(self._types)
            and all(map(isinstance, values, self._types))
            and all(map(_comparable, values))
        ):
            raise ValidationError("Not a cursor of this list: follow the Link of a page.")
        return tuple(values)


def _comparable(value: Any) -> bool:
    """Say whether every database can compare a value."""
    if isinstance(value, str):
        return "\0" not in value and not re.search(r"[\ud800-\udfff]", value)
    return type(value) is int and 0 <= value < 2**63


def cursor(values: Sequence[Any]) -> str:
    """Encode the values of a row as a cursor."""
    packed = json.dumps(list(values), separators=(",", ":"))
    return urlsafe_b64encode(packed.encode()).decode()


class PageSchema(Lenient):
    """The arguments of every list; subclasses add `after`."""

    limit = QueryId(load_default=100, validate=validate.Range(1, LONGEST_PAGE))


class IdPageSchema(PageSchema):
    """The arguments of a list that is sorted by integer ids."""

    after = Cursor([int], load_default=None)


def one_more(query: dict[str, Any]) -> dict[str, Any]:
    """Raise the limit by one row, which shows whether there is a next page."""
    return {**query, "limit": query["limit"] + 1}


def page(rows: Sequence[Any], limit: int, shown: Any, last: Sequence[str]) -> Response:
    """Return a response with up to `limit` rows, and with a Link when there are more.

    `rows` has one more than `limit` then; `shown` turns a list of rows into JSON values; `last` names
    the fields of a cursor.
    """
    response = answer(shown(rows[:limit]))
    if len(rows) > limit:
        row = rows[limit - 1]
        query = next_query(request, after=cursor([row[name] for name in last]))
        response.headers["Link"] = f'<{public_path()}?{urlencode(query)}>; rel="next"'
    return response
