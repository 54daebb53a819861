"""What became of a delivery is followed through arrays, releases and replacements."""

import json
from datetime import timedelta

import pytest
from eventsourcing.persistence import StoredEvent

from audit.receipts import Received, received
from domain.aggregates.batch import Batch
from domain.aggregates.delivery import Delivery
from domain.cause import SOURCE, Cause
from domain.ledger import Ledger
from domain.messages import InvalidEnvelope
from domain.use_cases import deliveries
from domain.use_cases.quarantine import Release, release
from receiver import envelopes
from tests.domain.scene import NOON, kit, release_one, report, send, verified
from tests.harness.ledgers import recorder_of

LATER = NOON + timedelta(hours=5)
MANY = 60
"""More events than are read at once."""


def position_of(ledger: Ledger, topic: str) -> int:
    stored = ledger.store.select_notifications(1, 10**6)
    return next(each.id for each in reversed(stored) if each.topic == topic)


def shown(ledger: Ledger, position: int) -> Received:
    found = received(ledger, position, ledger.store.max_notification_id())
    assert found is not None
    return found


def topics(found: Received) -> list[str]:
    return [each.event for each in found.events]


def hold(ledger: Ledger, body: bytes) -> int:
    """Hold a body that a later version will be able to read; return where."""
    unreadable = InvalidEnvelope(body, "not-json", {})
    deliveries.receive(ledger, verified(body), [unreadable], batch=False)
    return ledger.store.max_notification_id()


def test_the_events_of_a_long_array_are_all_found(ledger: Ledger) -> None:
    send(ledger, [kit(number, f"K{number}", "SENT") for number in range(MANY)])
    send(ledger, [report(MANY, 1, "SENT")])

    found = shown(ledger, 1)

    assert found.outcome == "array"
    assert topics(found) == ["Delivery.Recorded", "Kit.Observed"] * MANY


def test_a_long_array_that_was_held_is_followed_to_all_that_its_release_recorded(
    ledger: Ledger,
) -> None:
    send(ledger, kit(9000, "before", "SENT"))
    body = json.dumps([kit(number, f"K{number}", "SENT") for number in range(MANY)]).encode()
    held = hold(ledger, body)
    release_one(ledger, held, envelopes.read, now=LATER)

    found = shown(ledger, held)

    recorded = ["Delivery.Recorded", "Kit.Observed"] * MANY
    assert topics(found) == ["Batch.Received", *recorded, "Quarantine.Released"]
    array = position_of(ledger, Batch.Received.TOPIC)
    first = shown(ledger, array + 1)
    assert first.batch == array
    assert first.received_at == shown(ledger, array).received_at == NOON


def test_a_released_delivery_was_received_before_it_was_held(ledger: Ledger) -> None:
    held = hold(ledger, json.dumps(kit(1, "A", "SENT")).encode())
    release_one(ledger, held, envelopes.read, now=LATER)

    found = shown(ledger, position_of(ledger, Delivery.Recorded.TOPIC))

    assert found.received_at == NOON
    assert found.outcome == "recorded"


def test_what_a_source_sent_was_received_when_it_was_recorded(ledger: Ledger) -> None:
    sent = ledger.caused_by(Cause.of(SOURCE, "lab", "lab", request_id="r2"))
    send(sent, kit(1, "A", "SENT"), at=LATER)

    assert shown(ledger, 1).received_at == LATER


def test_releases_of_one_command_are_kept_apart(ledger: Ledger) -> None:
    held = [hold(ledger, json.dumps(kit(number, "A", "SENT")).encode()) for number in (1, 2)]
    release(ledger, held, Release(read=lambda held: envelopes.read(held.body), now=LATER))

    for each in held:
        became = ["Delivery.Recorded", "Kit.Observed", "Quarantine.Released"]
        assert topics(shown(ledger, each)) == became


def test_without_a_request_id_a_release_is_followed_no_further(ledger: Ledger) -> None:
    held = hold(ledger, json.dumps(kit(1, "A", "SENT")).encode())
    unnamed = ledger.caused_by(Cause(None, None))
    release_one(unnamed, held, envelopes.read, now=LATER)

    assert topics(shown(ledger, held)) == ["Quarantine.Released"]


@pytest.mark.one_store
def test_what_cannot_be_read_is_no_delivery(ledger: Ledger) -> None:
    recorder_of(ledger).insert_events([StoredEvent("delivery/lab/1", 1, "Delivery.Lost", b"\x80")])

    assert received(ledger, 1, 1) is None
    assert received(ledger, 2, 2) is None
