"""The base of input schemas, and their messages by field."""

from typing import Any

from marshmallow import EXCLUDE, Schema


class Lenient(Schema):
    """A schema that ignores unknown fields; those of webhooks are kept in the stored bytes."""

    class Meta:
        unknown = EXCLUDE


def flatten(messages: Any, path: str = "", separator: str = ".") -> dict[str, list[str]]:
    """Flatten marshmallow's nested messages into a list for each field, named by its path."""
    if not isinstance(messages, dict):
        return {path or "body": [str(message) for message in messages]}
    flat: dict[str, list[str]] = {}
    for key, inner in messages.items():
        name = "" if key == "_schema" else str(key)
        inner_path = separator.join(part for part in (path, name) if part)
        flat.update(flatten(inner, inner_path, separator))
    return flat
