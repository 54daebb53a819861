"""Recording or holding each envelope of a verified delivery."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from domain.aggregate import Event
from domain.aggregates.batch import Batch
from domain.aggregates.delivery import Delivery, content
from domain.aggregates.quarantine import Quarantine
from domain.event_ids import EventId
from domain.messages import InvalidEnvelope, Message, Outcome
from domain.receipt import VerifiedDelivery
from domain.times import to_seconds
from domain.use_cases.loaded_aggregates import LoadedAggregates


class DeliveryHandler:
    """Handle the messages of one delivery; `events` are to be saved in one transaction.

    `versions` are the last versions of the streams that `streams_of` names, 0 for new ones; `history`
    loads the events of any stream. `batch` says whether the body is an array. `ignored` are JSON pointers
    to what does not count when an envelope is compared with the recorded one.
    """

    def __init__(
        self,
        delivery: VerifiedDelivery,
        versions: Mapping[str, int],
        history: Callable[[str], Sequence[Event]],
        *,
        batch: bool,
        ignored: Sequence[str] = (),
    ) -> None:
        self.aggregates = LoadedAggregates(versions, history)
        self.events = self.aggregates.events
        self.now = delivery.received_at
        self._delivery = delivery
        self._ignored = ignored
        self._batch = Batch.create_id(delivery.source, delivery.body) if batch else None

    @staticmethod
    def streams_of(
        delivery: VerifiedDelivery, messages: Iterable[Message | InvalidEnvelope], *, batch: bool
    ) -> list[str]:
        """Return every stream that these messages may change."""
        streams = [Batch.create_id(delivery.source, delivery.body)] if batch else []
        for message in messages:
            if isinstance(message, InvalidEnvelope):
                streams.append(
                    Quarantine.create_id(delivery.source, message.body, delivery.headers)
                )
                continue
            streams.append(Delivery.create_id(delivery.source, message.event_id))
            if message.payload is not None:
                streams.append(message.payload.stream)
        return streams

    def handle(self, message: Message | InvalidEnvelope) -> Outcome:
        """Record or hold one envelope; the outcome is to be resolved after the events are appended."""
        if isinstance(message, InvalidEnvelope):
            return self.hold(message.body, message.reason, message.errors, message.event_id)
        stream = Delivery.create_id(self._delivery.source, message.event_id)
        delivery = self.aggregates.load(Delivery, stream)
        if delivery.version == 0:
            self.record(Delivery.Recorded, delivery, message)
            return Outcome("recorded", message.event_id, stream, 1)
        said = content(message.type, self._delivery.headers, message.data_from)
        if delivery.repeats(message.body, said, self._ignored):
            return Outcome("duplicate", message.event_id, stream, 1)
        return self.conflict(delivery, message)

    def conflict(self, delivery: Delivery, message: Message) -> Outcome:
        """Hold an envelope whose id is recorded with another content."""
        return self.hold(message.body, "conflict", {}, message.event_id)

    def hold(
        self, body: bytes, reason: str, errors: dict[str, Any], event_id: EventId | None
    ) -> Outcome:
        """Hold a body in quarantine; the same bytes are held once."""
        stream = Quarantine.create_id(self._delivery.source, body, self._delivery.headers)
        quarantine = self.aggregates.load(Quarantine, stream)
        if quarantine.version == 0:
            quarantine.trigger(
                Quarantine.Held,
                self._delivery.received_at,
                reason=reason,
                errors=errors,
                event_id=event_id,
                **self.receipt(body),
            )
            self.aggregates.collect(quarantine)
        return Outcome(reason, event_id, stream, 1, errors)

    def record(
        self, event_class: type[Delivery.Recorded], delivery: Delivery, message: Message
    ) -> None:
        """Record an envelope, and the observation in it."""
        created_at = message.created_at or to_seconds(self._delivery.received_at)
        payload = message.payload
        delivery.trigger(
            event_class,
            self.now,
            event_id=message.event_id,
            type=message.type,
            created_at=created_at,
            observed=payload and payload.stream,
            data_from=message.data_from,
            **self.receipt(message.body),
        )
        self.aggregates.collect(delivery)
        if payload is not None:
            aggregate = self.aggregates.resume(payload.aggregate, payload.stream)
            aggregate.observe(
                now=self.now,
                event_id=message.event_id,
                source=self._delivery.source,
                created_at=created_at,
                sequence=message.sequence,
                **payload.values,
            )
            self.aggregates.collect(aggregate)

    def receipt(self, body: bytes) -> dict[str, Any]:
        """Return the fields of a receipt; the whole array is recorded before its first envelope."""
        if self._batch is not None:
            batch = self.aggregates.resume(Batch, self._batch)
            if batch.version == 0:
                whole = self.signed(self._delivery.body, batch=None)
                batch.trigger(Batch.Received, self._delivery.received_at, **whole)
                self.aggregates.collect(batch)
        return self.signed(body, batch=self._batch)

    def signed(self, body: bytes, batch: str | None) -> dict[str, Any]:
        """Return the fields of a receipt; the signature of an array is kept with the whole array."""
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
            "headers": delivery.headers,
        }
