"""The sources that may send webhooks, and the keys that verify their signatures."""

import re
from typing import Any

from sqlalchemy import insert, select, update

from registry.keys import STANDARD_WEBHOOKS, Source
from registry.registry import Cached, Registry, timestamp
from registry.source_rows import SourceError, add_key, live_scheme, load_sources
from registry.tables import source_keys, sources


class Sources:
    """Look up, add and change sources; every worker sees a change on its next request."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._cached = Cached(registry, load_sources)

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
            return add_key(connection, name, scheme, secret)

    def rotate(self, name: str, secret: str | None = None) -> str:
        """Add a key to a source, beside its other keys; return its secret. Raises SourceError."""
        with self._registry.changing() as connection:
            return add_key(connection, name, live_scheme(connection, name), secret)

    def expire(self, name: str, key_id: str) -> None:
        """Expire one key of a source. Raises SourceError."""
        with self._registry.changing() as connection:
            live_scheme(connection, name)
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
            live_scheme(connection, name)
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
