"""The clock of the service's host is wrong."""

import time
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

from chaos.clock import Clock
from chaos.fault import Fault, Skipped
from chaos.senders import EVENTS
from chaos.stage import Stage

HOUR = 3600.0
AFTER_SECONDS = 3.0


class ClockSetBack(Fault):
    """The clock goes back by an hour, for the service and for those who sign; events go on in order."""

    name = "clock set back"
    felt = False

    def settings(self, clock: Clock) -> dict[str, str]:
        """Let the service's processes go by the clock; raises Skipped where none can be shifted."""
        if find_spec("libfaketime") is None:
            raise Skipped("libfaketime is missing: pip install '.[chaos]'")
        return clock.environment()

    def strike(self, stage: Stage) -> None:
        """Set it back, and go on for a while."""
        stage.clock.shift(-HOUR)
        stage.struck()
        time.sleep(AFTER_SECONDS)

    def flaws(self, stage: Stage) -> list[str]:
        """Say whether the events of either hour can't be read by their time of receipt."""
        between = datetime.now(UTC) - timedelta(seconds=HOUR / 2)
        asked = {"created_at__gte": between.isoformat()}, {"created_at__lt": between.isoformat()}
        answers = [stage.service.get(EVENTS, params=each) for each in asked]
        if not all(answer.is_success and answer.json() for answer in answers):
            return [f"events of before and after can't be read: {[a.text[:80] for a in answers]}"]
        return []
