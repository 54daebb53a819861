"""When the database can't be written or read it is said at once, and work goes on later."""

import pytest
from eventsourcing.persistence import DatabaseError, OperationalError

from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain
from tests.harness.stores import refuse_writes
from tests.store.stored import event


def test_a_database_that_cannot_be_written_is_not_waited_for(
    recorder: Recorder, plain: Plain
) -> None:
    refuse_writes(recorder)
    with pytest.raises(OperationalError, match=r"readonly|read-only"):
        recorder.insert_events([event("a")])
    assert plain.stored() == []
    assert recorder.insert_events([event("a")]) == [1]


def test_a_missing_table_is_a_database_error(recorder: Recorder, plain: Plain) -> None:
    recorder.max_notification_id()
    plain.query("ALTER TABLE stored_events RENAME TO lost_events")
    with pytest.raises(DatabaseError, match=r"no such table|does not exist"):
        recorder.max_notification_id()


def test_a_store_can_be_closed_and_used_again(recorder: Recorder) -> None:
    recorder.close()
    recorder.insert_events([event("a")])
    assert recorder.max_notification_id() == 1
    recorder.close()
    recorder.close()
    assert [each.id for each in recorder.select_stream("a")] == [1]
