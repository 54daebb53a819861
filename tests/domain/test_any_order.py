"""Any order and any repetition of the same deliveries ends in the same state."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from domain.ledger import Ledger
from tests.domain.observations import Story, fresh_world, standings, stories
from tests.domain.scene import history, kit_status, report_status, send
from tests.harness.effort import effort
from tests.harness.ledgers import open_ledger
from tests.harness.stores import Stores


@pytest.fixture(scope="module")
def shared(stores: Stores) -> Iterator[Ledger]:
    """Open one ledger for all examples: each has a world of its own in it."""
    with stores.empty() as url:
        opened = open_ledger(url)
        yield opened
        opened.close()


@given(story=stories())
@settings(max_examples=effort(40, 150), deadline=None)
def test_the_end_is_the_same_whatever_the_order(shared: Ledger, story: Story) -> None:
    world = fresh_world()
    for source, body in story.sent(world):
        send(shared, body, source=source)
    for thing, expected in standings(story, world).items():
        stand = kit_status if isinstance(thing, str) else report_status
        assert stand(shared, thing) == expected  # type: ignore[operator]


@given(story=stories())
@settings(max_examples=effort(20, 60), deadline=None)
def test_everything_said_is_recorded_once_and_each_repeat_is_told_where(
    shared: Ledger, story: Story
) -> None:
    world = fresh_world()
    before = shared.store.max_notification_id()
    positions: dict[tuple[str, int | None], int | None] = {}
    for source, body in story.sent(world):
        for outcome in send(shared, body, source=source):
            first = (source, outcome.event_id) not in positions
            assert outcome.status == ("recorded" if first else "duplicate")
            assert positions.setdefault((source, outcome.event_id), outcome.position) == (
                outcome.position
            )
    topics = [event.TOPIC for event in history(shared, before)]
    assert topics.count("Delivery.Recorded") == len(story.said)
    assert topics.count("Kit.Observed") + topics.count("Report.Observed") == len(story.said)
