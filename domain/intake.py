"""What one verified delivery does to the ledger: decided here, envelope by envelope, saved by it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from domain.aggregate import Aggregate, Event
from domain.delivery import Batch, Delivery, Quarantine, VerifiedDelivery
from domain.message import Message, Outcome, Unfit

A = TypeVar("A", bound=Aggregate)
Places = Callable[[str, int], int]
"""Finds the position at which a version of a stream is recorded."""
Decision = Callable[[Places], Outcome]
"""What became of an envelope, once it is known where its events are recorded."""


class Intake:
    """Decide for each envelope of a delivery, knowing which streams exist.

    `heads` are the last versions of the streams that `streams_of` names, 0 for new ones; `history`
    loads the events of any. What it decided is in `events`, to be saved in one transaction.
    """

    def __init__(
        self,
        delivery: VerifiedDelivery,
        heads: Mapping[str, int],
        history: Callable[[str], Sequence[Event]],
        *,
        batch: bool,
    ) -> None:
        self.events: list[Event] = []
        self.now = delivery.received_at
        self._delivery = delivery
        self._heads = heads
        self._history = history
        self._batch = Batch.create_id(delivery.source, delivery.body) if batch else None
        self._open: dict[str, Aggregate] = {}

    @staticmethod
    def streams_of(
        delivery: VerifiedDelivery, messages: Iterable[Message | Unfit], *, batch: bool
    ) -> list[str]:
        """Name every stream that these messages may touch."""
        streams = [Batch.create_id(delivery.source, delivery.body)] if batch else []
        for message in messages:
            if isinstance(message, Unfit):
                streams.append(Quarantine.create_id(delivery.source, message.body))
                continue
            streams.append(Delivery.create_id(delivery.source, message.event_id))
            if message.about is not None:
                streams.append(message.about.stream)
        return streams

    def take(self, message: Message | Unfit) -> Decision:
        """Decide about one envelope; what is returned tells its outcome once places are known."""
        if isinstance(message, Unfit):
            return self.hold(message.body, message.reason, message.errors, message.event_id)
        stream = Delivery.create_id(self._delivery.source, message.event_id)
        delivery = self._load(Delivery, stream)
        if delivery.version == 0:
            self.record(Delivery.Recorded, delivery, message)
            return lambda places: Outcome("recorded", message.event_id, places(stream, 1))
        if delivery.repeats(message.body):
            return lambda places: Outcome("duplicate", message.event_id, places(stream, 1))
        return self.conflict(delivery, message)

    def conflict(self, delivery: Delivery, message: Message) -> Decision:
        """Put aside another content under an id that is taken."""
        return self.hold(message.body, "conflict", {}, message.event_id)

    def hold(
        self, body: bytes, reason: str, errors: dict[str, Any], event_id: int | None
    ) -> Decision:
        """Put aside what can't be recorded, once."""
        stream = Quarantine.create_id(self._delivery.source, body)
        quarantine = self._load(Quarantine, stream)
        if quarantine.version == 0:
            quarantine.trigger(
                Quarantine.Held,
                self._delivery.received_at,
                reason=reason,
                errors=errors,
                event_id=event_id,
                **self.receipt(body),
            )
            self.collect(quarantine)
        return lambda places: Outcome(reason, event_id, quarantine=places(stream, 1), errors=errors)

    def record(
        self, event_class: type[Delivery.Recorded], delivery: Delivery, message: Message
    ) -> None:
        """Record an envelope, and what it tells."""
        now = self.now
        created_at = message.created_at or self._delivery.received_at
        delivery.trigger(
            event_class,
            now,
            event_id=message.event_id,
            type=message.type,
            created_at=created_at,
            told=message.about and message.about.stream,
            **self.receipt(message.body),
        )
        self.collect(delivery)
        if message.about is not None:
            subject = self.resume(message.about.subject, message.about.stream)
            subject.tell(
                now=now,
                event_id=message.event_id,
                source=self._delivery.source,
                created_at=created_at,
                **message.about.values,
            )
            self.collect(subject)

    def receipt(self, body: bytes) -> dict[str, Any]:
        """Say who sent these bytes; the first envelope kept of an array has the whole kept before it."""
        if self._batch is not None:
            batch = self.resume(Batch, self._batch)
            if batch.version == 0:
                whole = self.signed(self._delivery.body, batch=None)
                batch.trigger(Batch.Received, self._delivery.received_at, **whole)
                self.collect(batch)
        return self.signed(body, batch=self._batch)

    def signed(self, body: bytes, batch: str | None) -> dict[str, Any]:
        """Return the fields of a receipt; what was signed stands with the whole, not with a part."""
        delivery = self._delivery
        part = batch is not None
        return {
            "source": delivery.source,
            "key_id": delivery.key_id,
            "webhook_id": "" if part else delivery.webhook_id,
            "webhook_timestamp": "" if part else delivery.webhook_timestamp,
            "signature": "" if part else delivery.signature,
            "body": body,
            "batch": batch,
        }

    def resume(self, kind: type[A], stream: str) -> A:
        """Open a stream at its end, for aggregates that decide without looking back."""
        if stream not in self._open:
            version = self._heads.get(stream)
            self._open[stream] = (
                kind(stream).replay(self._history(stream))
                if version is None
                else kind(stream, version)
            )
        aggregate = self._open[stream]
        assert isinstance(aggregate, kind), f"{stream} is not a {kind.__name__}"
        return aggregate

    def _load(self, kind: type[A], stream: str) -> A:
        """Open a stream with its past, for aggregates that must know it."""
        if stream not in self._open and self._heads.get(stream) != 0:
            self._open[stream] = kind(stream).replay(self._history(stream))
        return self.resume(kind, stream)

    def collect(self, aggregate: Aggregate) -> None:
        """Take over what an aggregate decided."""
        self.events += aggregate.collect_events()
