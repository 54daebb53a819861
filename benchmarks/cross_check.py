"""A check of each load: the counts of wrk, of the server's metrics and of the ledger agree."""

import time
from collections import Counter
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from benchmarks.load import CONNECTIONS, Load
from benchmarks.servers import Server

SELECT_COUNT = text(
    "SELECT count(*) FROM stored_events WHERE topic = 'Delivery.Recorded' AND position > :position"
)


@dataclass(frozen=True)
class Counts:
    """The outcomes that a server has counted, and its ledger's last position at that time."""

    outcomes: Counter[str]
    position: int


def read_counts(server: Server) -> Counts:
    """Read the counts once they no longer change."""
    outcomes, before = _outcomes(server), None
    while outcomes != before:
        time.sleep(0.2)
        outcomes, before = _outcomes(server), outcomes
    return Counts(outcomes, server.store.head())


def discrepancies(server: Server, before: Counts, load: Load, size: int) -> list[str]:
    """Compare the counts after a load of distinct deliveries of `size` events each.

    Requests in flight when wrk ends are answered, but not counted by wrk.
    """
    after = read_counts(server)
    outcomes = after.outcomes - before.outcomes
    recorded = outcomes.pop("recorded", 0)
    stored = _stored_deliveries(server, before.position)
    found = load.problems(distinct=True)
    if outcomes:
        found.append(f"other outcomes than recorded: {dict(outcomes)}")
    if stored != recorded:
        found.append(f"{recorded} events were answered as recorded, the ledger holds {stored}")
    if not load.answered * size <= recorded <= (load.answered + CONNECTIONS) * size:
        found.append(f"wrk saw {load.answered} answers, the server recorded {recorded} events")
    return found


def _outcomes(server: Server) -> Counter[str]:
    counts: Counter[str] = Counter()
    for family in text_string_to_metric_families(server.get("/metrics").text):
        for sample in family.samples:
            if sample.name == "kitledger_webhooks_total":
                counts[sample.labels["outcome"]] += int(sample.value)
    return counts


def _stored_deliveries(server: Server, position: int) -> int:
    with server.store.services.registry.reading() as connection:
        return int(connection.execute(SELECT_COUNT, {"position": position}).scalar_one())
