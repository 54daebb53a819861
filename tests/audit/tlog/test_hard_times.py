"""The signer and the keeper in hard times: killed in between, clocks set back, damaged files and tiles."""

import threading
import time
from typing import Any

import pytest

from audit.tlog import builder
from audit.tlog.checkpoints import parse_note
from audit.tlog.keeper import LogKeeper
from audit.tlog.key_file import SignerError
from tests.audit.tlog.scene import EVENTS, ORIGIN, Scene
from tests.harness.ledgers import recorder_of
from tests.harness.waiting import wait_until
from tests.store.stored import event


class Killed(BaseException):
    """The process is gone."""


def test_a_process_killed_while_it_begins_an_origin_leaves_no_second_history_of_the_old_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise Killed

    keys = scene.signer.keys
    for step in ("write", "set_last_aside"):
        with monkeypatch.context() as patch:
            patch.setattr(keys, step, killed)
            with pytest.raises(Killed):
                scene.signer.begin_origin()
        last = keys.last()
        assert last is not None
        assert parse_note(last)[0].origin == ORIGIN
    with pytest.raises(SignerError, match="that no key in"):
        scene.signer.sign()
    scene.signer.begin_origin()
    assert scene.signer.sign()[0].origin == f"{ORIGIN}/3"


def test_the_newest_checkpoint_is_the_last_one_though_the_clock_was_set_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)
    scene.record(1)
    scene.sign()
    newest = scene.storage.newest()
    assert newest is not None
    assert parse_note(newest)[0].size == EVENTS + 1
    scene.signer.begin_origin()
    scene.signer.sign()
    newest = scene.storage.newest()
    assert newest is not None
    assert parse_note(newest)[0].origin == f"{ORIGIN}/2"


def kept_by(scene: Scene, said: list[str]) -> LogKeeper:
    return LogKeeper(
        scene.ledger.store,
        scene.storage,
        scene.signer,
        1,
        lambda _, fields: said.append(str(fields)),
    )


def test_the_keeper_outlives_a_last_checkpoint_that_is_no_text(scene: Scene) -> None:
    last = scene.signer.keys.path.with_name("signer.key.last")
    before = last.read_bytes()
    last.write_bytes(b"\xff")
    signed = signed_after(scene, "last checkpoint", lambda: last.write_bytes(before))
    assert signed == EVENTS + 1


def test_the_keeper_outlives_a_tile_that_is_missing(scene: Scene) -> None:
    (hashes,) = scene.owner.query("SELECT hashes FROM tlog_tiles WHERE level = 1 AND number = 0")[0]
    scene.owner.query("DELETE FROM tlog_tiles WHERE level = 1 AND number = 0")
    mended = [(1, 0, bytes(hashes))]
    signed = signed_after(scene, "tile 1/0", lambda: scene.storage.save_tiles(mended))
    assert signed == EVENTS + 1


def newest_size(scene: Scene) -> int:
    return parse_note(scene.storage.newest() or "")[0].size


def signed_after(scene: Scene, why: str, mend: Any) -> int:
    """Return the size that the keeper signs after it has told of a fault, which is mended then."""
    said: list[str] = []
    stop = threading.Event()
    keeper = kept_by(scene, said)
    thread = threading.Thread(target=keeper.run, args=(stop,))
    thread.start()
    try:
        wait_until(lambda: why in "".join(said))
        mend()
        scene.record(1)
        wait_until(lambda: newest_size(scene) > EVENTS)
        return newest_size(scene)
    finally:
        stop.set()
        thread.join()


def test_a_step_of_the_keeper_takes_several_batches_of_large_states(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sleeps after a step, and would fall behind senders of large bodies."""
    monkeypatch.setattr(builder, "BATCH_BYTES", 100)
    large = [event(f"large/{each}", state=bytes(100)) for each in range(12)]
    recorder_of(scene.ledger).insert_events(large)
    assert kept_by(scene, []).step() == EVENTS + 12
