"""Every event gets its cause where it is saved, so that no use case can forget it."""

from collections.abc import Iterator
from copy import copy
from dataclasses import replace

import pytest

from domain.cause import CLIENT, Cause
from domain.ledger import Ledger
from tests.harness.ledgers import open_ledger
from tests.stored_events.examples import EXAMPLES

CAUSE = Cause.of(CLIENT, 3, "Žofie", why="asked by phone", request_id="r-7")
TOPICS = sorted({type(each).TOPIC for each in EXAMPLES.values()})


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    made = open_ledger(url)
    yield made
    made.close()


@pytest.mark.one_store
def test_events_of_every_class_say_who_caused_them_and_why(ledger: Ledger) -> None:
    streams = ledger.caused_by(CAUSE).streams
    for number, topic in enumerate(TOPICS, 1):
        streams.save_events([replace(EXAMPLES[topic], originator_version=number)])

    stored = ledger.store.select_notifications(1, 1000)

    assert [each.topic for each in stored] == TOPICS
    for each in stored:
        event = ledger.streams.decode(each)
        found = (event.by, event.by_name, event.why, event.request_id)
        assert found == ("client/3", "Žofie", "asked by phone", "r-7"), each.topic


@pytest.mark.one_store
def test_no_event_is_saved_without_a_cause(ledger: Ledger) -> None:
    uncaused = type(ledger.streams)(ledger.store, ledger.mapper)
    with pytest.raises(TypeError, match="caused_by"):
        uncaused.save_events([copy(EXAMPLES[TOPICS[0]])])
    assert ledger.store.max_notification_id() == 0
