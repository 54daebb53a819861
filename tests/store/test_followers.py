"""A stock Follower of the library's sees every event, and records what follows from it once."""

from eventsourcing.application import Application, ProcessingEvent
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.system import Follower

from tests.harness.stores import Stores
from tests.store.conftest import OpenApplication
from tests.store.library import store_settings
from tests.store.test_sealed_states import WHISPERED, Whispered

COUNT = 27


class Echo(Follower[str]):
    """Repeat what was whispered, in a store of its own."""

    def policy(
        self, domain_event: DomainEventProtocol[str], processing_event: ProcessingEvent[str]
    ) -> None:
        """Repeat one event."""
        echoed = {**vars(domain_event), "originator_id": f"echo/{domain_event.originator_id}"}
        processing_event.collect_events(Whispered(**echoed))


def whispered(number: int) -> Whispered:
    """Make one of many events."""
    return Whispered(**{**vars(WHISPERED), "originator_id": f"w/{number}", "text": str(number)})


def test_it_sees_every_event_and_each_once(
    open_application: OpenApplication, stores: Stores
) -> None:
    leader: Application[str] = open_application()
    leader.events.put([whispered(number) for number in range(COUNT)])
    with stores.empty() as url:
        follower = Echo(store_settings(url))
        follower.follow(leader.name, leader.notification_log)
        follower.pull_and_process(leader.name)
        leader.events.put([whispered(COUNT)])
        follower.pull_and_process(leader.name)
        follower.pull_and_process(leader.name)
        echoed = follower.recorder.select_notifications(None, 100)
        assert follower.recorder.max_tracking_id(leader.name) == COUNT + 1
        follower.close()
    assert [each.originator_id for each in echoed] == [f"echo/w/{n}" for n in range(COUNT + 1)]
