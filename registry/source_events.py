"""The events of sources in the ledger: each change of their rows has one, in the same transaction."""

from datetime import UTC, datetime
from typing import Any

from domain.aggregate import Event
from domain.aggregates.source import Source
from domain.stream_repository import StreamRepository
from registry.keys import Key, fingerprint


def record(streams: StreamRepository, name: str, event_class: type[Event], **values: Any) -> None:
    """Save an event of a source."""
    source = streams.load(Source, Source.create_id(name))
    source.trigger(event_class, datetime.now(UTC), **values)
    streams.save_aggregates(source)


def record_key(streams: StreamRepository, name: str, key: Key) -> None:
    """Save that a source has a new key, without its secret."""
    given = {"key_id": key.id, "fingerprint": fingerprint(key.secret)}
    record(streams, name, Source.KeyAdded, **given)
