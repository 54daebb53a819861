"""The values of aggregates as the API shows them: one definition of a shape, for histories too."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from marshmallow import Schema

from receiver import dates
from receiver.resources import all_resources


def show(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of an aggregate of a kind as its resource shows them.

    Values that no resource shows keep their names.
    """
    schema = _schemas().get(kind)
    if schema is None:
        return {name: _json_value(value) for name, value in values.items()}
    shown: dict[str, Any] = schema.dump(values)
    return shown


@cache
def _schemas() -> Mapping[str, Schema]:
    return {
        aggregate.category: schema
        for resource in all_resources()
        for aggregate, schema in resource.shown.items()
    }


def _json_value(value: Any) -> Any:
    return dates.iso(value) if isinstance(value, datetime) else value
