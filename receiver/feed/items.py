"""The items of the feed: the JSON of each recorded envelope, made once."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from domain.aggregates.delivery import Delivery
from domain.ledger import Ledger
from receiver import dates

TOPICS = (Delivery.Recorded.TOPIC, Delivery.Replaced.TOPIC)
BATCH_EVENTS = 200
BATCH_BYTES = 256 * 1024
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Item:
    """One recorded envelope; `json` is its JSON text."""

    position: int
    source: str
    type: str
    json: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A source and a type, or None for all."""

    source: str | None = None
    type: str | None = None

    def passes(self, item: Item) -> bool:
        """Say whether an item has this source and this type."""
        return self.source in {None, item.source} and self.type in {None, item.type}


def read_items(ledger: Ledger, after: int, wanted: Filter = Filter()) -> tuple[list[Item], int]:
    """Return the next items after a position, and the position up to which there is no other.

    Reads a bounded part of the log, in which there may be none. Raises eventsourcing's PersistenceError,
    and its MapperDeserialisationError for an event of a later version.
    """
    stored, reached = ledger.store.select_batch(
        after, topics=TOPICS, limit=BATCH_EVENTS, max_bytes=BATCH_BYTES
    )
    found = []
    for each in stored:
        source, event_id = Delivery.parse_id(str(each.originator_id))
        if wanted.source not in {None, source}:
            continue
        event = cast(Delivery.Recorded, ledger.streams.decode(each))
        if wanted.type not in {None, event.type}:
            continue
        recorded_at = EPOCH + timedelta(microseconds=each.recorded_at)  # type: ignore[attr-defined]
        shown = {
            "position": each.id,
            "recorded_at": recorded_at.isoformat(timespec="microseconds"),
            "source": source,
            "id": event_id,
            "type": event.type,
            "created_at": dates.spaced(event.created_at),
            "data": event.data(),
        }
        # In ASCII: data may hold halves of surrogate pairs, and separators at which clients end a line.
        found.append(Item(each.id, source, event.type, json.dumps(shown)))
    return found, reached
