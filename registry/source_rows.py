"""The rows of sources."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from registry.envelope_mappings import KITLEDGER
from registry.ignored_fields import load_ignored
from registry.key_rows import live_keys
from registry.keys import SourceError, verification_key
from registry.presets import DEFAULTS
from registry.source import Source
from registry.source_parts import PARTS, load_parts, set_parts
from registry.tables import sources


def load_sources(connection: Connection) -> dict[str, Source]:
    """Return every source with its live keys, by name."""
    keys = live_keys(connection, datetime.now(UTC))
    ignored, parts = load_ignored(connection), load_parts(connection)
    return {
        row.name: Source(
            name=row.name,
            scheme=row.scheme,
            keys=tuple(keys.get(row.name, ())),
            tolerance=row.tolerance,
            header=row.header,
            prefix=row.prefix,
            retired=row.retired_at is not None,
            ignored=ignored.get(row.name, ()),
            parts=parts.get(row.name, {}),
        )
        for row in connection.execute(select(sources))
    }


def check_name(name: str) -> None:
    """Refuse a name that no source can have. Raises SourceError."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise SourceError(
            "a source's name has up to 64 letters, digits, dots, dashes and underscores"
        )


def source_row(connection: Connection, name: str) -> Row[Any]:
    """Return the row of a source, retired or not; raises SourceError when it is unknown."""
    row = connection.execute(select(sources).where(sources.c.name == name)).one_or_none()
    if row is None:
        raise SourceError(f"there is no source {name}")
    return row


def settings_of(connection: Connection, name: str) -> dict[str, Any]:
    """Return the settings of a source; raises SourceError when it is unknown or retired."""
    row = source_row(connection, name)
    live_scheme(connection, name)
    columns = {setting: getattr(row, setting) for setting in DEFAULTS}
    parts = load_parts(connection).get(name, {})
    return {**dict.fromkeys(PARTS), "preset": KITLEDGER, **columns, **parts}


def save_settings(connection: Connection, name: str, settings: Mapping[str, Any]) -> None:
    """Set the settings of a source that has a row."""
    change_source(connection, name, **{each: settings[each] for each in DEFAULTS})
    set_parts(connection, name, {each: settings[each] for each in PARTS})


def live_scheme(connection: Connection, name: str) -> str:
    """Return the scheme of a source; raises SourceError when it is unknown or retired."""
    row = source_row(connection, name)
    if row.retired_at is not None:
        raise SourceError(f"source {name} was retired at {row.retired_at}")
    return str(row.scheme)


def change_source(connection: Connection, name: str, **values: Any) -> None:
    """Set columns of a source's row."""
    connection.execute(update(sources).where(sources.c.name == name).values(**values))


def check_keys_fit(connection: Connection, name: str, scheme: str) -> None:
    """Refuse a scheme in which a live key of the source could verify nothing. Raises SourceError."""
    for key in live_keys(connection, datetime.now(UTC)).get(name, []):
        try:
            verification_key(scheme, key.secret)
        except ValueError as error:
            raise SourceError(f"{key.id} does not fit {scheme}: {error}") from error
