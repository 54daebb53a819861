"""The sources that may send webhooks, and the keys that verify their signatures."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from domain.aggregates.source import Source as SourceStream
from domain.cause import Cause
from domain.times import to_seconds
from registry.cached import Cached
from registry.envelope_mappings import KITLEDGER
from registry.ignored_fields import load_ignored, set_ignored
from registry.key_rows import add_key, expire_key, key_listing
from registry.key_uses import KeyUses
from registry.keys import SourceError
from registry.presets import DEFAULTS
from registry.registry import Registry, timestamp
from registry.source import Source
from registry.source_events import record, record_key
from registry.source_parts import load_parts
from registry.source_rows import (
    change_source,
    check_keys_fit,
    check_name,
    live_scheme,
    load_sources,
    save_settings,
    settings_of,
    source_row,
)
from registry.source_settings import completed
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
        cause: Cause,
        *,
        secret: str | None = None,
        allow_short: bool = False,
        ignore_field: Sequence[str] | None = None,
        **settings: Any,
    ) -> str:
        """Add a source and return its secret; see source_settings.py for the settings. Raises SourceError.

        `ignore_field` are the JSON pointers of fields that don't count when two bodies are compared.
        """
        check_name(name)
        settings = completed(settings)
        scheme = settings["scheme"]
        with self._registry.changing(cause) as (connection, streams):
            if connection.scalar(select(sources.c.name).where(sources.c.name == name)):
                raise SourceError(f"there is a source {name} already")
            columns = {each: settings[each] for each in DEFAULTS}
            row = {"name": name, **columns, "created_at": timestamp()}
            connection.execute(insert(sources).values(row))
            save_settings(connection, name, settings)
            ignored = set_ignored(connection, name, ignore_field or ())
            key = add_key(connection, name, scheme, secret, allow_short=allow_short)
            added = {**settings, "ignored": ignored}
            record(streams, name, SourceStream.Added, settings=added)
            record_key(streams, name, key)
        return key.secret

    def rotate(
        self, name: str, cause: Cause, secret: str | None = None, *, allow_short: bool = False
    ) -> str:
        """Add a key to a source, beside its other keys; return its secret. Raises SourceError."""
        with self._registry.changing(cause) as (connection, streams):
            scheme = live_scheme(connection, name)
            key = add_key(connection, name, scheme, secret, allow_short=allow_short)
            record_key(streams, name, key)
        return key.secret

    def expire(self, name: str, key_id: str, cause: Cause, at: datetime | None = None) -> int:
        """Expire one key of a source, now or at a later time; return how many keys outlive it.

        Raises SourceError.
        """
        now = datetime.now(UTC)
        if at is not None and at <= now:
            raise SourceError("this time has passed; without a time, the key expires now")
        with self._registry.changing(cause) as (connection, streams):
            live_scheme(connection, name)
            others = expire_key(connection, name, key_id, at or now)
            expired = {"key_id": key_id, "expires_at": to_seconds(at or now)}
            record(streams, name, SourceStream.KeyExpired, **expired)
        return others

    def change(
        self,
        name: str,
        cause: Cause,
        *,
        ignore_field: Sequence[str] | None = None,
        **settings: Any,
    ) -> None:
        """Change settings of a source: what `add` takes, but for the secret. Raises SourceError."""
        with self._registry.changing(cause) as (connection, streams):
            before = settings_of(connection, name)
            after = completed(settings, before)
            check_keys_fit(connection, name, after["scheme"])
            save_settings(connection, name, after)
            changed = {each: after[each] for each in after if after[each] != before[each]}
            changed.update({each: after[each] for each in settings})
            if ignore_field is not None:
                changed["ignored"] = set_ignored(connection, name, ignore_field)
            record(streams, name, SourceStream.Changed, settings=changed)

    def check_live(self, name: str) -> None:
        """Raise SourceError when a source is unknown or retired."""
        with self._registry.reading() as connection:
            live_scheme(connection, name)

    def retire(self, name: str, cause: Cause) -> None:
        """Retire a source: its webhooks are answered 410 from now on. Raises SourceError."""
        with self._registry.changing(cause) as (connection, streams):
            live_scheme(connection, name)
            change_source(connection, name, retired_at=timestamp())
            record(streams, name, SourceStream.Retired)

    def reopen(self, name: str, cause: Cause) -> None:
        """Take back that a source was retired: its live keys verify again. Raises SourceError."""
        with self._registry.changing(cause) as (connection, streams):
            if source_row(connection, name).retired_at is None:
                raise SourceError(f"source {name} is not retired")
            change_source(connection, name, retired_at=None)
            record(streams, name, SourceStream.Reopened)

    def listing(self) -> list[dict[str, Any]]:
        """Return every source and its keys, without the secrets."""
        with self._registry.reading() as connection:
            keys, ignored = key_listing(connection), load_ignored(connection)
            parts = load_parts(connection)
            rows = [dict(row) for row in connection.execute(select(sources)).mappings()]
        for row in rows:
            row.update({"preset": KITLEDGER, **parts.get(row["name"], {})})
            row["keys"] = keys.get(row["name"], [])
            row["ignored"] = list(ignored.get(row["name"], ()))
        return sorted(rows, key=lambda each: str(each["name"]))
