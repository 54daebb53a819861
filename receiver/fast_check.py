"""A fast check, derived from a schema, for the bodies that are valid beyond doubt.

A body that does not pass is not refused: the schema is asked, which has the last word and the messages.
So a fast check may be narrower than its schema, and never wider.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from marshmallow import Schema, fields, missing


class NoFastCheck(TypeError):
    """A field of the schema has no fast type."""


def struct_type(schema: Schema, name: str, **replaced: Any) -> type[msgspec.Struct]:
    """Make the struct that msgspec checks in place of a schema; `replaced` are types by field.

    A field gives the type of its valid values as `fast_type`. Raises NoFastCheck.
    """
    required, optional = [], []
    for field_name, field in schema.fields.items():
        key = field.data_key or field_name
        fast_type = replaced.get(field_name) or _fast_type(schema, field_name, field)
        if field.required:
            required.append((key, fast_type))
        else:
            optional.append((key, fast_type | None if field.allow_none else fast_type, None))
    return msgspec.defstruct(name, [*required, *optional])


def printable_fields(schema: Schema) -> tuple[str, ...]:
    """Name the fields whose text the struct does not check for control characters."""
    return tuple(
        field.data_key or name
        for name, field in schema.fields.items()
        if isinstance(field, fields.String) and getattr(field, "check_printable", False)
    )


def values_of(schema: Schema) -> Callable[[msgspec.Struct], dict[str, Any]]:
    """Return a function that turns a checked struct into the values that the schema would load."""
    names = {
        field.data_key or name: field.attribute or name for name, field in schema.fields.items()
    }
    if all(key == name for key, name in names.items()):
        return msgspec.structs.asdict
    return lambda struct: {name: getattr(struct, key) for key, name in names.items()}


def _fast_type(schema: Schema, name: str, field: fields.Field[Any]) -> Any:
    fast_type = getattr(field, "fast_type", None)
    default = field.load_default in (None, missing)
    if fast_type is None or not default:
        raise NoFastCheck(f"{type(schema).__name__}.{name} has no fast check")
    return fast_type
