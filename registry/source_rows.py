"""The rows of sources and of their keys."""

import secrets

from sqlalchemy import Connection, insert, select

from registry.keys import Key, Source, check_secret, new_secret
from registry.registry import timestamp
from registry.tables import source_keys, sources


class SourceError(ValueError):
    """A source can't be added or changed as asked."""


def load_sources(connection: Connection) -> dict[str, Source]:
    """Return every source with its live keys, by name."""
    keys: dict[str, list[Key]] = {}
    live = select(source_keys).where(source_keys.c.expired_at.is_(None))
    for row in connection.execute(live):
        keys.setdefault(row.source, []).append(Key(row.id, row.secret))
    return {
        row.name: Source(
            name=row.name,
            scheme=row.scheme,
            keys=tuple(keys.get(row.name, ())),
            tolerance=row.tolerance,
            header=row.header,
            prefix=row.prefix,
            retired=row.retired_at is not None,
        )
        for row in connection.execute(select(sources))
    }


def live_scheme(connection: Connection, name: str) -> str:
    """Return the scheme of a source; raises SourceError when it is unknown or retired."""
    row = connection.execute(select(sources).where(sources.c.name == name)).one_or_none()
    if row is None:
        raise SourceError(f"there is no source {name}")
    if row.retired_at is not None:
        raise SourceError(f"source {name} was retired at {row.retired_at}")
    return str(row.scheme)


def add_key(connection: Connection, name: str, scheme: str, secret: str | None) -> str:
    """Add a key to a source and return its secret; raises SourceError for a bad secret."""
    secret = secret or new_secret(scheme)
    try:
        check_secret(scheme, secret)
    except ValueError as error:
        raise SourceError(str(error)) from error
    connection.execute(
        insert(source_keys).values(
            source=name,
            id=f"key_{secrets.token_hex(4)}",
            secret=secret,
            # To the microsecond: keys are listed in the order of this time.
            created_at=timestamp("microseconds"),
        )
    )
    return secret
