"""Decoding stored events, some of which only a later version knows."""

from typing import cast

from eventsourcing.persistence import MapperDeserialisationError, StoredEvent

from domain.aggregate import Event
from domain.stream_repository import StreamRepository


def decoded(streams: StreamRepository, stored: object) -> Event | None:
    """Return a stored event as it was saved; None if this version can't decode it."""
    try:
        return streams.decode(cast(StoredEvent, stored))
    except MapperDeserialisationError:
        return None
