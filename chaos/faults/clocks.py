"""A wrong clock on the service's host."""

import time
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

from chaos.clock import Clock
from chaos.fault import Fault, Skipped
from chaos.senders import EVENTS
from chaos.testbed import Testbed

HOUR = 3600.0
AFTER_SECONDS = 3.0


class ClockSetBack(Fault):
    """The clock of the service and of the senders is set back by an hour; events stay in order."""

    name = "clock set back"
    affects_requests = False

    def settings(self, clock: Clock) -> dict[str, str]:
        """Return the variables that make the service use the clock; raises Skipped without libfaketime."""
        if find_spec("libfaketime") is None:
            raise Skipped("libfaketime is missing: pip install '.[chaos]'")
        return clock.environment()

    def inject(self, testbed: Testbed) -> None:
        """Set the clock back, and keep the load on for a while."""
        testbed.clock.shift(-HOUR)
        testbed.mark_fault_started()
        time.sleep(AFTER_SECONDS)

    def problems(self, testbed: Testbed) -> list[str]:
        """Check that the events of either hour can be filtered by their time of receipt."""
        between = (datetime.now(UTC) - timedelta(seconds=HOUR / 2)).isoformat()
        filters = {"created_at__gte": between}, {"created_at__lt": between}
        responses = [testbed.service.get(EVENTS, params=each) for each in filters]
        if not all(response.is_success and response.json() for response in responses):
            return [f"a filter by time fails: {[each.text[:80] for each in responses]}"]
        return []
