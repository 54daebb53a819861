"""A fast check, derived from a schema, that accepts most valid bodies.

A body that fails it is not refused: then the schema decides, and gives the messages. So a fast check
may accept less than its schema, and never more.
"""

from typing import Any

import msgspec
from marshmallow import Schema, fields, missing


class NoFastCheck(TypeError):
    """A field of the schema has no fast type, or a default that the fast check does not know."""


class FastCheck:
    """The struct that msgspec checks in place of a schema, and the values that the schema would load.

    Each field has a `fast_type`, the type of its values in JSON, and maybe `fast_read`, which turns one
    into what the schema loads, and raises ValueError when only the schema can decide. `replaced` are
    other types by field. Raises NoFastCheck.
    """

    def __init__(self, schema: Schema, name: str, **replaced: Any) -> None:
        required, optional = [], []
        self._renamed: dict[str, str] = {}
        self._readers: dict[str, Any] = {}
        for field_name, field in schema.fields.items():
            key, loaded = field.data_key or field_name, field.attribute or field_name
            if key != loaded:
                self._renamed[key] = loaded
            if field_name not in replaced and hasattr(field, "fast_read"):
                self._readers[loaded] = field.fast_read
            fast_type = replaced.get(field_name) or _fast_type(schema, field_name, field)
            if field.required:
                required.append((key, fast_type))
            else:
                optional.append((key, fast_type | None if field.allow_none else fast_type, None))
        self.struct = msgspec.defstruct(name, [*required, *optional])

    def values(self, checked: Any) -> dict[str, Any]:
        """Return the values of a checked struct; raises ValueError when only the schema can decide."""
        values = msgspec.structs.asdict(checked)
        for key, name in self._renamed.items():
            values[name] = values.pop(key)
        for name, read in self._readers.items():
            if values[name] is not None:
                values[name] = read(values[name])
        return values


def _fast_type(schema: Schema, name: str, field: fields.Field[Any]) -> Any:
    fast_type = getattr(field, "fast_type", None)
    if fast_type is None or field.load_default not in (None, missing):
        raise NoFastCheck(f"{type(schema).__name__}.{name} has no fast check")
    return fast_type
