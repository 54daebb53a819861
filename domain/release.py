"""Recording after all what was quarantined: an intake that replaces what conflicts, if told to."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.aggregate import Event
from domain.delivery import Delivery, Quarantine
from domain.errors import StillRefused, WouldReplace
from domain.intake import Decision, Intake
from domain.kit import Kit
from domain.message import Message, Outcome
from domain.report import Report
from domain.telling import Subject

SUBJECTS: dict[str, type[Subject]] = {"kit": Kit, "report": Report}
"""By the first part of their streams' names."""


class Release(Intake):
    """Decide for each envelope that was held; refusals are raised, since somebody reads them.

    The delivery counts as received when it was; `now` is when it was released. Without `replace`
    what is recorded stays.
    """

    def __init__(
        self,
        held: Quarantine.Held,
        heads: Mapping[str, int],
        history: Callable[[str], Sequence[Event]],
        now: datetime,
        *,
        batch: bool,
        replace: bool,
    ) -> None:
        super().__init__(held.delivery(), heads, history, batch=batch)
        self.now = now
        self._held = held
        self._replace = replace

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
        if not self._replace:
            raise WouldReplace(standing.body, message.body)
        if standing.told is not None and standing.told != (message.about and message.about.stream):
            kind, _, key = standing.told.partition("/")
            subject = self.resume(SUBJECTS[kind], standing.told)
            subject.withdraw(key, now=self.now, event_id=message.event_id, source=standing.source)
            self.collect(subject)
        self.record(Delivery.Replaced, delivery, message)
        place = delivery.id, delivery.version
        return lambda places: Outcome("replaced", message.event_id, places(*place))

    def receipt(self, body: bytes) -> dict[str, Any]:
        """Say who sent these bytes; the array that they were part of is kept already."""
        if self._held.batch is not None:
            return self.signed(body, batch=self._held.batch)
        return super().receipt(body)
