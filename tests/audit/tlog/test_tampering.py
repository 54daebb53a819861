"""Whatever is changed in the database past the program, `audit verify` names the first bad position."""

import pytest

from audit.tlog.builder import Altered
from audit.tlog.signer import NotExtended
from tests.audit.tlog.scene import EVENTS, Scene
from tests.harness.plain import REFUSALS

CUT = 520


def move(scene: Scene, position: int, to: int) -> None:
    scene.owner.query("UPDATE stored_events SET position = %s WHERE position = %s", to, position)


def test_a_ledger_that_nobody_touched_is_verified(scene: Scene) -> None:
    verification = scene.verify(scene.kept)
    assert (verification.events, verification.agreed) == (EVENTS, EVENTS)
    assert verification.root == scene.kept[-1].checkpoint.root


def test_events_that_are_not_hashed_yet_are_no_fault(scene: Scene) -> None:
    scene.record(3)
    assert scene.verify(scene.kept).events == EVENTS + 3


@pytest.mark.parametrize("position", [1, 256, 257, 300, 599, EVENTS])
def test_one_byte_of_a_state(scene: Scene, position: int) -> None:
    scene.owner.query("UPDATE stored_events SET state = %s WHERE position = %s", b"\x90", position)
    assert scene.fault() == (position, position)


COLUMNS = {"originator_id": "other", "originator_version": 9, "topic": "other"}


@pytest.mark.parametrize("column", COLUMNS)
def test_the_stream_the_version_and_the_topic(scene: Scene, column: str) -> None:
    value = COLUMNS[column]
    scene.owner.query(f"UPDATE stored_events SET {column} = %s WHERE position = 77", value)
    assert scene.fault() == (77, 77)


@pytest.mark.parametrize("position", [1, 256, 400])
def test_an_event_that_was_removed(scene: Scene, position: int) -> None:
    scene.owner.query("DELETE FROM stored_events WHERE position = %s", position)
    assert scene.fault() == (position, position)


def test_an_event_that_was_removed_and_the_gap_closed(scene: Scene) -> None:
    scene.owner.query("DELETE FROM stored_events WHERE position = 400")
    for position in range(401, EVENTS + 1):
        move(scene, position, position - 1)
    assert scene.fault() == (400, 400)


def test_two_events_that_were_swapped(scene: Scene) -> None:
    for position, to in ((100, 10_000), (205, 100), (10_000, 205)):
        move(scene, position, to)
    assert scene.fault() == (100, 100)


def test_an_event_that_was_inserted(scene: Scene) -> None:
    for position in range(EVENTS, 349, -1):
        move(scene, position, position + 1)
    scene.owner.query(
        "INSERT INTO stored_events (position, originator_id, originator_version, topic, state)"
        " VALUES (350, 'forged/1', 1, 't', %s)",
        b"\x80",
    )
    scene.owner.query(
        "UPDATE stored_events SET recorded_at ="
        " (SELECT recorded_at FROM stored_events WHERE position = 349) WHERE position = 350"
    )
    assert scene.fault() == (350, 350)


def test_the_newest_events_that_were_cut_off(scene: Scene) -> None:
    scene.owner.query("DELETE FROM stored_events WHERE position > %s", CUT)
    assert scene.fault() == (CUT + 1, CUT + 1)
    scene.owner.query("DELETE FROM tlog_checkpoints WHERE size > %s", CUT)
    scene.tiles_anew()
    scene.verify([])
    assert scene.fault(scene.kept) == (CUT + 1, CUT + 1)


def test_a_time_that_was_altered(scene: Scene) -> None:
    """By which the order of times is kept, or is not."""
    scene.owner.query("UPDATE stored_events SET recorded_at = recorded_at + 1 WHERE position > 450")
    assert scene.fault() == (451, 451)
    scene.owner.query("UPDATE stored_events SET recorded_at = 5 WHERE position = 120")
    assert scene.fault() == (120, 120)
    scene.owner.query("UPDATE stored_events SET recorded_at = recorded_at - recorded_at")
    scene.tiles_anew()
    assert scene.fault(scene.kept) == (1, 300)


def test_events_and_tiles_that_were_altered_together(scene: Scene) -> None:
    scene.owner.query("UPDATE stored_events SET state = %s WHERE position = 450", b"\x90")
    scene.tiles_anew()
    assert scene.fault() == (301, EVENTS)
    scene.owner.query("DELETE FROM tlog_checkpoints WHERE size = %s", EVENTS)
    scene.verify([])
    assert scene.fault(scene.kept) == (301, EVENTS)


@pytest.mark.parametrize("level", [0, 1])
def test_tiles_that_were_altered(scene: Scene, level: int) -> None:
    tile = bytearray(scene.storage.tile(level, 1 - level))
    tile[32] ^= 1
    update = "UPDATE tlog_tiles SET hashes = %s WHERE level = %s AND number = %s"
    scene.owner.query(update, bytes(tile), level, 1 - level)
    assert scene.fault() == ((258, 258) if level == 0 else (257, 512))


def test_tiles_that_are_gone(scene: Scene) -> None:
    scene.owner.query("DELETE FROM tlog_tiles WHERE level = 0 AND number = 1")
    assert scene.fault() == (257, 257)


def test_a_ledger_restored_to_an_earlier_state_and_written_on(scene: Scene) -> None:
    scene.owner.query("DELETE FROM stored_events WHERE position > %s", CUT)
    scene.owner.query("DELETE FROM tlog_checkpoints WHERE size > %s", CUT)
    scene.tiles_anew()
    scene.record(200)
    scene.build()
    scene.verify([])
    assert scene.fault(scene.kept) == (301, EVENTS)
    with pytest.raises(NotExtended):
        scene.signer.sign()


def test_the_keeper_does_not_go_on_where_events_are_gone(scene: Scene) -> None:
    scene.owner.query("DELETE FROM stored_events WHERE position > %s", CUT)
    with pytest.raises(Altered, match=f"position {CUT + 1}"):
        scene.build()
    scene.record(EVENTS - CUT)
    with pytest.raises(Altered, match=f"position {EVENTS}"):
        scene.build()


def test_a_saved_checkpoint_that_was_altered(scene: Scene) -> None:
    scene.owner.query("UPDATE tlog_checkpoints SET note = replace(note, '300', '299')")
    assert scene.fault() == (1, 300)


FACTS = {'"by"': "client/9", "has_reason": False, "organization": 21438}


@pytest.mark.parametrize("column", FACTS)
def test_the_facts_by_which_the_log_is_searched(scene: Scene, column: str) -> None:
    """They stand beside the state, and are not hashed: they have to follow from it."""
    position = scene.record_group()
    scene.build()
    scene.verify(scene.kept)
    update = f"UPDATE stored_events SET {column} = %s WHERE position = %s"
    scene.owner.query(update, FACTS[column], position)
    assert scene.fault() == (position, position)


def test_tiles_are_computed_again_after_their_table_was_dropped(scene: Scene) -> None:
    scene.owner.query("DROP TABLE tlog_tiles")
    scene.storage.migrate()
    scene.build()
    scene.verify(scene.kept)
    with pytest.raises(REFUSALS, match="never changed"):
        scene.owner.query("DELETE FROM tlog_tiles WHERE number = 0 AND level = 0")
    with pytest.raises(REFUSALS, match="never changed"):
        scene.owner.query("UPDATE tlog_tiles SET hashes = %s WHERE level = 0", b"")


VALUES = {
    "text in place of bytes": "state = 'abc'",
    "a number in place of bytes": "state = 7",
    "no UTF-8": "state = state || x'00'",
    "bytes in place of text": "topic = x'ff'",
    "text in place of a time": "recorded_at = 'x'",
    "text in place of a version": "originator_version = 'x'",
}


@pytest.mark.one_store
@pytest.mark.parametrize("change", VALUES)
def test_values_of_types_that_only_sqlite_takes(scene: Scene, change: str) -> None:
    scene.owner.query(f"UPDATE stored_events SET {VALUES[change]} WHERE position = 401")
    assert scene.fault() == (401, 401)
