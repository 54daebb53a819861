"""The position that a moment means."""

from datetime import datetime

from domain.ledger import Recorder
from projections.times import to_microseconds


def position_at(store: Recorder, time: datetime, now: datetime) -> int | None:
    """Return the last position that was recorded at a time or before.

    None is returned for a time to come: later than `now`, and than all that is recorded, whose clock may
    have been ahead.
    """
    wanted = to_microseconds(time)
    position = store.position_at(wanted)
    if time <= now or position < store.max_notification_id():
        return position
    return position if store.position_at(wanted - 1) < position else None
