"""The base of all projections: a name, tables, and one handler for each event."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from sqlalchemy import Connection, delete

from domain.aggregate import Event
from domain.stream_repository import Recorded
from projections.batch_writer import BatchWriter
from projections.slot_tables import SlotTables, all_tables

Handler = Callable[[Any, BatchWriter, Any, int], None]
"""A method (projection, writer, event, position)."""


def handles(event_class: type[Event]) -> Callable[[Handler], Handler]:
    """Mark a method of a projection as the handler of an event class."""

    def mark(handler: Handler) -> Handler:
        handler.handles = event_class  # type: ignore[attr-defined]
        return handler

    return mark


class Projection:
    """One read model. Subclasses define `name`, `tables`, and methods marked with `handles`."""

    name: ClassVar[str]
    tables: ClassVar[tuple[SlotTables, ...]]
    handlers: ClassVar[dict[type[Event], Handler]]

    def __init_subclass__(cls) -> None:
        found = (getattr(cls, name) for name in dir(cls))
        cls.handlers = {each.handles: each for each in found if hasattr(each, "handles")}

    @property
    def topics(self) -> frozenset[str]:
        """Return the topics of the events that this projection handles."""
        return frozenset(event_class.TOPIC for event_class in self.handlers)

    def apply(self, connection: Connection, slot: int, recorded: Iterable[Recorded]) -> None:
        """Write the rows of these events into a slot."""
        writer = BatchWriter(connection, slot)
        for each in recorded:
            writer.position = each.position
            self.handlers[type(each.event)](self, writer, each.event, each.position)
        writer.flush()
        self.finish_batch(writer)
        writer.finish()

    def finish_batch(self, writer: BatchWriter) -> None:
        """Write the rows that depend on all events of a batch."""

    def clear(self, connection: Connection, slot: int) -> None:
        """Delete the rows of a slot."""
        for tables in all_tables(self.tables):
            connection.execute(delete(tables[slot]))
