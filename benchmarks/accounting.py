"""Counting again: what wrk saw, what the server says it answered, and what the ledger holds."""

import time
from collections import Counter
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from benchmarks.load import CONNECTIONS, Load
from benchmarks.servers import Server

COUNT = text(
    "SELECT count(*) FROM stored_events WHERE topic = 'Delivery.Recorded' AND position > :position"
)


@dataclass(frozen=True)
class Tally:
    """The outcomes that a server has answered, and where its ledger ended at that time."""

    outcomes: Counter[str]
    position: int


def take(server: Server) -> Tally:
    """Count what was answered, once nothing moves any more."""
    outcomes, before = _outcomes(server), None
    while outcomes != before:
        time.sleep(0.2)
        outcomes, before = _outcomes(server), outcomes
    return Tally(outcomes, server.place.parts.ledger.store.max_notification_id())


def flaws(server: Server, before: Tally, load: Load, size: int) -> list[str]:
    """Say what does not agree, for a load of distinct deliveries of `size` events each.

    Requests that were under way when wrk ended are answered, and nobody there to count.
    """
    after = take(server)
    answered = after.outcomes - before.outcomes
    recorded = answered.pop("recorded", 0)
    stored = _stored(server, before.position)
    found = [complaint] if (complaint := load.complaint(distinct=True)) else []
    if answered:
        found.append(f"other answers than recorded: {dict(answered)}")
    if stored != recorded:
        found.append(f"{recorded} events were answered as recorded, the ledger holds {stored}")
    if not load.answered * size <= recorded <= (load.answered + CONNECTIONS) * size:
        found.append(f"wrk saw {load.answered} answers, the server recorded {recorded} events")
    return found


def _outcomes(server: Server) -> Counter[str]:
    found: Counter[str] = Counter()
    for family in text_string_to_metric_families(server.get("/metrics").text):
        for sample in family.samples:
            if sample.name == "kitledger_webhooks_total":
                found[sample.labels["outcome"]] += int(sample.value)
    return found


def _stored(server: Server, position: int) -> int:
    with server.place.parts.registry.reading() as connection:
        return int(connection.execute(COUNT, {"position": position}).scalar_one())
