"""The positions of what concerns a thing: its events, their deliveries and arrays, and the sources of these."""

from collections.abc import Iterator, Sequence

from audit.decoding import decoded
from domain.aggregate import Event
from domain.aggregates.delivery import Delivery
from domain.aggregates.source import Source
from domain.ledger import Ledger
from domain.observed import Observed, Retracted
from domain.receipt import Receipt

STREAMS_AT_ONCE = 20


def positions_of(ledger: Ledger, streams: Sequence[str], first: int, last: int) -> list[int]:
    """Return the positions of all that concerns the things of some streams, from a position to another."""
    found: set[int] = set()
    wanted, known = list(dict.fromkeys(streams)), set(streams)
    while wanted:
        some, wanted = wanted[:STREAMS_AT_ONCE], wanted[STREAMS_AT_ONCE:]
        for stored in ledger.store.select_streams(some, last):
            found.add(stored.id)
            event = decoded(ledger.streams, stored)
            more = [each for each in _beside(event) if each not in known]
            wanted += more
            known.update(more)
    return sorted(each for each in found if each >= first)


def _beside(event: Event | None) -> Iterator[str]:
    """Yield the streams in which the evidence of an event is."""
    if isinstance(event, Observed | Retracted):
        yield Delivery.create_id(event.source, event.event_id)
    if isinstance(event, Receipt):
        yield Source.create_id(event.source)
        if event.batch is not None:
            yield event.batch
