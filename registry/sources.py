"""The sources that may send webhooks, and the keys that verify their signatures."""

import re
import secrets
from typing import Any

from sqlalchemy import Connection, insert, select, update

from registry.keys import STANDARD_WEBHOOKS, Key, Source, check_secret, new_secret
from registry.registry import Cached, Registry, timestamp
from registry.tables import source_keys, sources


class SourceError(ValueError):
    """A source can't be added or changed as asked."""


class Sources:
    """Look up, add and change sources; every worker sees a change on its next request."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._cached = Cached(registry, _load)

    def get(self, name: str) -> Source | None:
        """Return a source with its live keys, retired or not; None when there is no such source."""
        return self._cached.get().get(name)

    def all(self) -> list[Source]:
        """Return all sources, by name."""
        return [source for _, source in sorted(self._cached.get().items())]

    def add(
        self,
        name: str,
        *,
        scheme: str = STANDARD_WEBHOOKS,
        secret: str | None = None,
        tolerance: int = 300,
        header: str = "X-Hub-Signature-256",
        prefix: str = "sha256=",
    ) -> str:
        """Add a source and return its secret; `tolerance` in seconds. Raises SourceError."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
            raise SourceError(
                "a source's name has up to 64 letters, digits, dots, dashes and underscores"
            )
        if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", header):
            raise SourceError("a header's name has letters, digits and dashes")
        with self._registry.changing() as connection:
            if connection.scalar(select(sources.c.name).where(sources.c.name == name)):
                raise SourceError(f"there is a source {name} already")
            connection.execute(
                insert(sources).values(
                    name=name,
                    scheme=scheme,
                    tolerance=tolerance,
                    header=header,
                    prefix=prefix,
                    created_at=timestamp(),
                )
            )
            return _add_key(connection, name, scheme, secret)

    def rotate(self, name: str, secret: str | None = None) -> str:
        """Add a key to a source, beside its other keys; return its secret. Raises SourceError."""
        with self._registry.changing() as connection:
            return _add_key(connection, name, _live(connection, name), secret)

    def expire(self, name: str, key_id: str) -> None:
        """Expire one key of a source. Raises SourceError."""
        with self._registry.changing() as connection:
            _live(connection, name)
            key = (source_keys.c.source == name) & (source_keys.c.id == key_id)
            ended = (
                update(source_keys)
                .where(key, source_keys.c.expired_at.is_(None))
                .values(expired_at=timestamp())
            )
            if not connection.execute(ended).rowcount:
                raise SourceError(f"source {name} has no live key {key_id}")

    def retire(self, name: str) -> None:
        """Retire a source: its webhooks are answered 410 from now on. Raises SourceError."""
        with self._registry.changing() as connection:
            _live(connection, name)
            ended = timestamp()
            connection.execute(
                update(sources).where(sources.c.name == name).values(retired_at=ended)
            )

    def listing(self) -> list[dict[str, Any]]:
        """Return every source and its keys, without the secrets."""
        with self._registry.reading() as connection:
            rows = connection.execute(select(sources)).mappings()
            found = [{**row, "keys": []} for row in rows]
            known = {each["name"]: each for each in found}
            keys = connection.execute(select(source_keys).order_by(source_keys.c.created_at))
            for key in keys.mappings():
                shown = {name: key[name] for name in ("id", "created_at", "expired_at")}
                known[key["source"]]["keys"].append(shown)
        return sorted(found, key=lambda each: str(each["name"]))


def _load(connection: Connection) -> dict[str, Source]:
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


def _live(connection: Connection, name: str) -> str:
    """Return the scheme of a source; raises SourceError when it is unknown or retired."""
    row = connection.execute(select(sources).where(sources.c.name == name)).one_or_none()
    if row is None:
        raise SourceError(f"there is no source {name}")
    if row.retired_at is not None:
        raise SourceError(f"source {name} was retired at {row.retired_at}")
    return str(row.scheme)


def _add_key(connection: Connection, name: str, scheme: str, secret: str | None) -> str:
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
