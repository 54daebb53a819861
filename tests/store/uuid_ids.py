"""Stores whose streams are named by UUIDs, as text: the library's example applications name theirs so."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from eventsourcing.persistence import StoredEvent, find_id_convertor

from store import postgres, postgres_snapshots, sqlite
from store.mapper import Mapper


class UuidMapper(Mapper):
    """Give an event its UUID back, if its class asks for one."""

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Decode an event."""
        event = super().to_domain_event(stored_event)
        converted = find_id_convertor(type(event), str)(stored_event.originator_id)
        event.__dict__["originator_id"] = converted
        return event


class _UuidsAsText:
    """Store UUIDs as text, and ask for them as text."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **others: Any) -> Any:
        """Append events."""
        named = [replace(each, originator_id=str(each.originator_id)) for each in stored_events]
        return super().insert_events(named, **others)  # type: ignore[misc]

    def select_events(self, originator_id: object, **bounds: Any) -> Any:
        """Return the events of a stream."""
        return super().select_events(str(originator_id), **bounds)  # type: ignore[misc]


class _SqliteRecorder(_UuidsAsText, sqlite.Recorder):
    pass


class _SqliteProcessRecorder(_UuidsAsText, sqlite.ProcessRecorder):
    pass


class _PostgresRecorder(_UuidsAsText, postgres.Recorder):
    pass


class _PostgresProcessRecorder(_UuidsAsText, postgres.ProcessRecorder):
    pass


class _PostgresAggregateRecorder(_UuidsAsText, postgres_snapshots.AggregateRecorder):
    pass


class SqliteFactory(sqlite.Factory):
    """The embedded store."""

    application_recorder_class = _SqliteRecorder
    process_recorder_class = _SqliteProcessRecorder

    def mapper(self, transcoder: Any = None, mapper_class: Any = None) -> Any:
        """Return the mapper of UUIDs."""
        return super().mapper(transcoder, UuidMapper)


class PostgresFactory(postgres.Factory):
    """The store on PostgreSQL."""

    aggregate_recorder_class = _PostgresAggregateRecorder
    application_recorder_class = _PostgresRecorder
    process_recorder_class = _PostgresProcessRecorder

    def mapper(self, transcoder: Any = None, mapper_class: Any = None) -> Any:
        """Return the mapper of UUIDs."""
        return super().mapper(transcoder, UuidMapper)
