"""Recording after all what was quarantined: an intake that replaces what conflicts, if told to."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.aggregate import Event
from domain.delivery import Delivery, Quarantine
from domain.errors import StillRefused, WouldReplace
from domain.intake import Decision, Intake
from domain.message import About, Message, Outcome, Reader


class Release(Intake):
    """Decide for each envelope that was held; refusals are raised, since somebody reads them.

    `reread` is what reads the content that a conflict replaces, None when nothing may be replaced.
    The delivery counts as received when it was; `now` is when it was released.
    """

    def __init__(
        self,
        held: Quarantine.Held,
        heads: Mapping[str, int],
        history: Callable[[str], Sequence[Event]],
        reread: Reader | None,
        now: datetime,
        *,
        batch: bool,
    ) -> None:
        super().__init__(held.delivery(), heads, history, batch=batch)
        self.now = now
        self._held = held
        self._reread = reread

    def hold(
        self, body: bytes, reason: str, errors: dict[str, Any], event_id: int | None
    ) -> Decision:
        """Refuse to release what can't be recorded today either."""
        fields = "; ".join(f"{name}: {' '.join(said)}" for name, said in errors.items())
        raise StillRefused(f"it is still {reason}: {fields}")

    def conflict(self, delivery: Delivery, message: Message) -> Decision:
        """Replace what is recorded, and what it told; raises WouldReplace unless that is meant."""
        standing = delivery.current
        assert standing is not None, "a conflict is with something recorded"
        if self._reread is None:
            raise WouldReplace(standing.body, message.body)
        told, tells = _about(self._reread, standing.body), message.about
        if told is not None and (tells is None or tells.stream != told.stream):
            subject = self.resume(told.subject, told.stream)
            subject.withdraw(
                now=self.now, event_id=message.event_id, source=standing.source, **told.key
            )
            self.collect(subject)
        self.record(Delivery.Replaced, delivery, message)
        place = delivery.id, delivery.version
        return lambda places: Outcome("replaced", message.event_id, places[place])

    def receipt(self, body: bytes) -> dict[str, Any]:
        """Say who sent these bytes; the array that they were part of is kept already."""
        if self._held.batch is not None:
            return self.signed(body, batch=self._held.batch)
        return super().receipt(body)


def _about(read: Reader, body: bytes) -> About | None:
    message = read(body)[0][0]
    return message.about if isinstance(message, Message) else None
