"""The sources that may send webhooks, and the keys that verify their signatures."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from registry.cached import Cached
from registry.ignored_fields import load_ignored, set_ignored
from registry.key_rows import add_key, expire_key, key_listing
from registry.key_uses import KeyUses
from registry.keys import STANDARD_WEBHOOKS, Source, SourceError
from registry.registry import Registry, timestamp
from registry.source_rows import (
    change_source,
    check_header,
    check_keys_fit,
    live_scheme,
    load_sources,
    source_row,
)
from registry.tables import sources


class Sources:
    """Look up, add and change sources; every worker sees a change on its next request."""

    def __init__(self, registry: Registry) -> None:
        self.uses = KeyUses(registry)
        self._registry = registry
        self._cached = Cached(registry, load_sources)

    def get(self, name: str) -> Source | None:
        """Return a source with its live keys, retired or not; None when there is no such source."""
        return self._cached.get().get(name)

    def may_send(self) -> bool:
        """Say whether there is any source that is not retired."""
        return any(not source.retired for source in self._cached.get().values())

    def all(self) -> list[Source]:
        """Return all sources, by name."""
        return [source for _, source in sorted(self._cached.get().items())]

    def add(
        self,
        name: str,
        *,
        scheme: str = STANDARD_WEBHOOKS,
        secret: str | None = None,
        allow_short: bool = False,
        tolerance: int = 300,
        header: str = "X-Hub-Signature-256",
        prefix: str = "sha256=",
        ignore_field: Sequence[str] | None = None,
    ) -> str:
        """Add a source and return its secret; `tolerance` in seconds. Raises SourceError.

        `ignore_field` are the JSON pointers of fields that don't count when two bodies are compared.
        """
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
            raise SourceError(
                "a source's name has up to 64 letters, digits, dots, dashes and underscores"
            )
        check_header(header)
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
            set_ignored(connection, name, ignore_field or ())
            return add_key(connection, name, scheme, secret, allow_short=allow_short)

    def rotate(self, name: str, secret: str | None = None, *, allow_short: bool = False) -> str:
        """Add a key to a source, beside its other keys; return its secret. Raises SourceError."""
        with self._registry.changing() as connection:
            scheme = live_scheme(connection, name)
            return add_key(connection, name, scheme, secret, allow_short=allow_short)

    def expire(self, name: str, key_id: str, at: datetime | None = None) -> int:
        """Expire one key of a source, now or at a later time; return how many keys outlive it.

        Raises SourceError.
        """
        now = datetime.now(UTC)
        if at is not None and at <= now:
            raise SourceError("this time has passed; without a time, the key expires now")
        with self._registry.changing() as connection:
            live_scheme(connection, name)
            return expire_key(connection, name, key_id, at or now)

    def change(
        self, name: str, *, ignore_field: Sequence[str] | None = None, **settings: Any
    ) -> None:
        """Change settings of a source: what `add` takes, but for the secret. Raises SourceError."""
        check_header(settings.get("header", "X"))
        with self._registry.changing() as connection:
            check_keys_fit(connection, name, settings.get("scheme", live_scheme(connection, name)))
            if ignore_field is not None:
                set_ignored(connection, name, ignore_field)
            if settings:
                change_source(connection, name, **settings)

    def check_live(self, name: str) -> None:
        """Raise SourceError when a source is unknown or retired."""
        with self._registry.reading() as connection:
            live_scheme(connection, name)

    def retire(self, name: str) -> None:
        """Retire a source: its webhooks are answered 410 from now on. Raises SourceError."""
        with self._registry.changing() as connection:
            live_scheme(connection, name)
            change_source(connection, name, retired_at=timestamp())

    def reopen(self, name: str) -> None:
        """Take back that a source was retired: its live keys verify again. Raises SourceError."""
        with self._registry.changing() as connection:
            if source_row(connection, name).retired_at is None:
                raise SourceError(f"source {name} is not retired")
            change_source(connection, name, retired_at=None)

    def listing(self) -> list[dict[str, Any]]:
        """Return every source and its keys, without the secrets."""
        with self._registry.reading() as connection:
            keys, ignored = key_listing(connection), load_ignored(connection)
            rows = [dict(row) for row in connection.execute(select(sources)).mappings()]
        for row in rows:
            row["keys"] = keys.get(row["name"], [])
            row["ignored"] = list(ignored.get(row["name"], ()))
        return sorted(rows, key=lambda each: str(each["name"]))
