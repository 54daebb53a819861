"""What the senders were told: which events were acknowledged, where and when, and what was amiss."""

import itertools
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable

from chaos.http import Answer

OK = range(200, 300)
UNAVAILABLE = 503


class Account:
    """Gather what every client sees; clients are threads."""

    def __init__(self) -> None:
        self.positions: dict[int, set[int]] = defaultdict(set)
        self.silent: set[int] = set()
        self.refused: set[int] = set()
        self.kept_though_refused: set[int] = set()
        self.flaws: Counter[str] = Counter()
        self.answers: Counter[int | None] = Counter()
        self.last = 0
        self._recorded: list[tuple[float, float]] = []
        self._lock = threading.Lock()

    def acknowledge(self, results: Iterable[dict[str, object]], answer: Answer) -> None:
        """Note the events that an answer says are on disk."""
        with self._lock:
            for each in results:
                self._note(each, answer)

    def _note(self, result: dict[str, object], answer: Answer) -> None:
        event_id, position = result["id"], result.get("position")
        if not (isinstance(event_id, int) and isinstance(position, int)):
            self.flaws[f"an event of a 2xx was not kept: {result.get('status')}"] += 1
            return
        again = result["status"] == "duplicate" and event_id not in self.positions
        if again and event_id in self.refused - self.silent:
            self.kept_though_refused.add(event_id)
        self.positions[event_id].add(position)
        self.last = max(self.last, event_id)
        if result["status"] == "recorded":
            self._recorded.append((answer.sent, answer.came))

    def postpone(self, event_ids: Iterable[int], *, refused: bool) -> None:
        """Note events whose sender was told to come back, or was told nothing."""
        with self._lock:
            (self.refused if refused else self.silent).update(event_ids)

    def fault(self, what: str) -> None:
        """Note something that must not be."""
        with self._lock:
            self.flaws[what] += 1

    def judge(self, what: str, answer: Answer) -> bool:
        """Say whether an answer is a good one; note it if it is neither that nor a 503 with Retry-After."""
        with self._lock:
            self.answers[answer.status] += 1
        if answer.status in OK:
            return True
        if answer.hangs:
            self.fault(f"{what}: no answer in time")
        elif answer.status == UNAVAILABLE and answer.retry_after is None:
            self.fault(f"{what}: 503 without Retry-After")
        elif answer.status not in {None, UNAVAILABLE}:
            self.fault(f"{what}: {answer.status} {answer.body[:200]!r}")
        return False

    @property
    def refusals(self) -> int:
        """Count the answers that were 503."""
        return self.answers[UNAVAILABLE]

    @property
    def cuts(self) -> int:
        """Count the requests that were not answered."""
        return self.answers[None]

    def first_after(self, moment: float) -> float | None:
        """Return when the first event was acknowledged as recorded that was sent after a moment."""
        with self._lock:
            return min((came for sent, came in self._recorded if sent >= moment), default=None)

    def longest_silence(self, since: float, until: float) -> float:
        """Return the longest time without a new acknowledgement."""
        with self._lock:
            came = sorted(came for _, came in self._recorded if since < came < until)
        edges = [since, *came, until]
        return max(after - before for before, after in itertools.pairwise(edges))
