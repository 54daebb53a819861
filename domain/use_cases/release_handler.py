"""Recording each envelope of a delivery that is released from quarantine."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from domain.aggregate import Event
from domain.aggregates.delivery import Delivery
from domain.aggregates.quarantine import Quarantine
from domain.errors import StillRefused, WouldReplace
from domain.event_ids import EventId
from domain.messages import Message, Outcome
from domain.observed import ObservedAggregate
from domain.use_cases.delivery_handler import DeliveryHandler


class ReleaseHandler(DeliveryHandler):
    """Handle the messages of a held delivery; refusals are raised instead of held.

    The delivery keeps its time of receipt; `now` is the time of release. With `replace` a conflicting
    envelope replaces the recorded one.
    """

    def __init__(
        self,
        held: Quarantine.Held,
        versions: Mapping[str, int],
        history: Callable[[str], Sequence[Event]],
        now: datetime,
        *,
        batch: bool,
        ignored: Sequence[str],
        replace: bool,
    ) -> None:
        super().__init__(held.delivery(), versions, history, batch=batch, ignored=ignored)
        self.now = now
        self._held = held
        self._replace = replace

    def hold(
        self, body: bytes, reason: str, errors: dict[str, Any], event_id: EventId | None
    ) -> Outcome:
        """Raise StillRefused."""
        fields = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in errors.items())
        raise StillRefused(f"it is still {reason}: {fields}")

    def conflict(self, delivery: Delivery, message: Message) -> Outcome:
        """Replace the recorded envelope and retract its observation, or raise WouldReplace."""
        current = delivery.current
        assert current is not None, "a conflict is with a recorded envelope"
        if not self._replace:
            headers = current.headers or {}, self._held.headers or {}
            raise WouldReplace(current.body, message.body, headers)
        observed = message.payload and message.payload.stream
        if current.observed is not None and current.observed != observed:
            kind = ObservedAggregate.of_stream(current.observed)
            aggregate = cast(ObservedAggregate, self.aggregates.resume(kind, current.observed))
            aggregate.retract(now=self.now, event_id=message.event_id, source=current.source)
            self.aggregates.collect(aggregate)
        self.record(Delivery.Replaced, delivery, message)
        return Outcome("replaced", message.event_id, delivery.id, delivery.version)

    def receipt(self, body: bytes) -> dict[str, Any]:
        """Return the fields of a receipt; the array of a held envelope is recorded already."""
        if self._held.batch is not None:
            return self.signed(body, batch=self._held.batch)
        return super().receipt(body)
