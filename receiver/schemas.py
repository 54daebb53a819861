"""The base of the schemas of what comes in, and their messages by field."""

from typing import Any

from marshmallow import EXCLUDE, Schema


class Lenient(Schema):
    """A schema that ignores unknown fields; in webhooks they are kept with the bytes."""

    class Meta:
        unknown = EXCLUDE


def flatten(messages: Any, path: str = "") -> dict[str, list[str]]:
    """Turn marshmallow's nested messages into one list for each dotted field."""
    if not isinstance(messages, dict):
        return {path or "body": [str(message) for message in messages]}
    flat: dict[str, list[str]] = {}
    for key, inner in messages.items():
        name = "" if key == "_schema" else str(key)
        flat.update(flatten(inner, ".".join(part for part in (path, name) if part)))
    return flat
