"""The log of all responses that the clients of one experiment received."""

import itertools
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable

from chaos.http_client import Response

SUCCESS = range(200, 300)
UNAVAILABLE = 503


class ClientLog:
    """Collect acknowledgements, refusals and contract violations from all client threads."""

    def __init__(self) -> None:
        self.positions: dict[int, set[int]] = defaultdict(set)
        self.unanswered: set[int] = set()
        self.refused: set[int] = set()
        self.stored_despite_503: set[int] = set()
        self.violations: Counter[str] = Counter()
        self.statuses: Counter[int | None] = Counter()
        self.highest_acknowledged = 0
        self._recorded: list[tuple[float, float]] = []
        self._lock = threading.Lock()

    def add_acknowledged(self, results: Iterable[dict[str, object]], response: Response) -> None:
        """Add the events that a 2xx response reports as stored."""
        with self._lock:
            for result in results:
                self._add_result(result, response)

    def _add_result(self, result: dict[str, object], response: Response) -> None:
        event_id, position = result["id"], result.get("position")
        if not (isinstance(event_id, int) and isinstance(position, int)):
            self.violations[f"an event of a 2xx was not stored: {result.get('status')}"] += 1
            return
        first_seen = result["status"] == "duplicate" and event_id not in self.positions
        if first_seen and event_id in self.refused - self.unanswered:
            self.stored_despite_503.add(event_id)
        self.positions[event_id].add(position)
        self.highest_acknowledged = max(self.highest_acknowledged, event_id)
        if result["status"] == "recorded":
            self._recorded.append((response.sent_at, response.received_at))

    def add_unacknowledged(self, event_ids: Iterable[int], *, refused: bool) -> None:
        """Add events whose request was refused with 503, or got no response."""
        with self._lock:
            (self.refused if refused else self.unanswered).update(event_ids)

    def add_violation(self, description: str) -> None:
        """Count a violation of the contract."""
        with self._lock:
            self.violations[description] += 1

    def check_response(self, request: str, response: Response) -> bool:
        """Return whether a response is a 2xx; count any but a 503 with Retry-After as a violation."""
        with self._lock:
            self.statuses[response.status] += 1
        if response.status in SUCCESS:
            return True
        if response.timed_out:
            self.add_violation(f"{request}: no response in time")
        elif response.status == UNAVAILABLE and response.retry_after is None:
            self.add_violation(f"{request}: 503 without Retry-After")
        elif response.status not in {None, UNAVAILABLE}:
            self.add_violation(f"{request}: {response.status} {response.body[:200]!r}")
        return False

    @property
    def refused_requests(self) -> int:
        """Return the number of 503 responses."""
        return self.statuses[UNAVAILABLE]

    @property
    def broken_requests(self) -> int:
        """Return the number of requests without a response."""
        return self.statuses[None]

    def first_recorded_after(self, moment: float) -> float | None:
        """Return when the first event that was sent after a moment was acknowledged as recorded."""
        with self._lock:
            sent_later = (received for sent, received in self._recorded if sent >= moment)
            return min(sent_later, default=None)

    def longest_gap(self, since: float, until: float) -> float:
        """Return the longest time between two acknowledgements of recorded events."""
        with self._lock:
            received = sorted(at for _, at in self._recorded if since < at < until)
        times = [since, *received, until]
        return max(after - before for before, after in itertools.pairwise(times))
