"""A fast check, derived from a schema, that accepts most valid bodies.

A body that fails it is not refused: then the schema decides, and gives the messages. So a fast check
may accept less than its schema, and never more.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from marshmallow import Schema, fields, missing


class NoFastCheck(TypeError):
    """A field of the schema has no fast type."""


def struct_type(schema: Schema, name: str, **replaced: Any) -> type[msgspec.Struct]:
    """Return a msgspec struct with a schema's fields; `replaced` are other types by field.

    The type of a field is its `fast_type`. Raises NoFastCheck for a field without one.
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
    """Return the names of the text fields to be checked for control characters besides."""
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
