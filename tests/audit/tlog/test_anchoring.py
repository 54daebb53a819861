"""Each checkpoint gets to its anchors in the end, and metrics say how far behind they are."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.tlog import anchoring
from audit.tlog.anchor_lags import AnchorLag, lags
from audit.tlog.key_changes import KeyChanges
from audit.tlog.key_file import KeyFile
from audit.tlog.notes import Note, VerifierKey
from audit.tlog.signer import Signer
from tests.audit.logs import Log
from tests.audit.tlog.anchored import AnchoredLog, liar, watched
from tests.harness.answering import Reply, answering
from tests.harness.processes import free_port
from tests.harness.waiting import wait_until


@pytest.fixture
def log(url: str, tmp_path: Path) -> Iterator[AnchoredLog]:
    """Make a log of a few events, which is signed."""
    made = AnchoredLog(Log(url, tmp_path))
    made.record(3)
    yield made
    made.log.close()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait long for the next attempt."""
    for name in ("LOOK_SECONDS", "FIRST_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(anchoring, name, 0.02)


def lag(log: AnchoredLog, name: str) -> AnchorLag:
    """Return how far the ledger is ahead of an anchor."""
    [found] = lags(log.log.storage, log.log.ledger.store, [name])
    return found


@pytest.mark.one_store
def test_a_witness_that_does_not_answer_holds_up_nobody_else(
    log: AnchoredLog, tmp_path: Path
) -> None:
    asked, let_go = threading.Event(), threading.Event()

    def silent(*_: object) -> Reply:
        asked.set()
        let_go.wait(10)
        return Reply(500)

    with watched(log, tmp_path) as watcher, liar(log, silent) as slow:
        threads = log.anchoring(slow, watcher.anchor)
        with threads.running():
            assert asked.wait(10)
            wait_until(lambda: log.reached(watcher.anchor).size == log.log.head)
            log.record()
            threads.wake()
            wait_until(lambda: log.reached(watcher.anchor).size == log.log.head)
            let_go.set()


@pytest.mark.one_store
@pytest.mark.usefixtures("at_once")
def test_a_witness_is_tried_until_it_answers(log: AnchoredLog, tmp_path: Path) -> None:
    answers = iter([Reply(500), Reply(500), Reply(503)])
    with watched(log, tmp_path) as watcher:

        def down(path: str, body: bytes) -> Reply:
            return next(answers, None) or watcher.witness(path, body)

        with answering(down) as url:
            [anchor] = log.witnesses(f"{url}#{watcher.cosigner.vkey}")
            with log.anchoring(anchor).running():
                wait_until(lambda: log.reached(anchor).size == log.log.head)
                # As by another process.
                log.record()
                wait_until(lambda: log.reached(anchor).size == log.log.head)
    assert log.reached(anchor).failures == 3
    # The same error is said once.
    assert [each["error"] for each in log.said] == ["it answered 500", "it answered 503"]


@pytest.mark.one_store
@pytest.mark.usefixtures("at_once")
def test_a_note_that_was_spoilt_in_the_database_is_waited_for(
    log: AnchoredLog, tmp_path: Path
) -> None:
    note = str(log.newest[1])
    change = "UPDATE tlog_checkpoints SET note = ?"
    with watched(log, tmp_path) as watcher:
        with log.log.storage.writing() as connection:
            connection.exec_driver_sql(change, ("spoilt",))
        with log.anchoring(watcher.anchor).running():
            wait_until(lambda: log.said)
            with log.log.storage.writing() as connection:
                connection.exec_driver_sql(change, (note,))
            wait_until(lambda: log.reached(watcher.anchor).size == log.log.head)
    assert "signed note" in log.said[0]["error"]


@pytest.mark.one_store
def test_without_a_checkpoint_nobody_is_asked(tmp_path: Path) -> None:
    empty = AnchoredLog(Log(f"sqlite:///{tmp_path}/ledger.db", tmp_path))
    [anchor] = empty.witnesses(f"http://127.0.0.1:{free_port()}")
    assert empty.confirm(anchor).failures == 0
    empty.log.close()


def test_the_lag_of_an_anchor_is_what_it_has_not_confirmed(
    log: AnchoredLog, tmp_path: Path
) -> None:
    with watched(log, tmp_path) as watcher:
        name, head = watcher.url, log.log.head
        before = lag(log, name)
        assert (before.events, before.failures) == (head, 0)
        assert 0 < (before.seconds or 0) < 60
        log.confirm(watcher.anchor)
        assert lag(log, name) == AnchorLag(name, 0, 0.0, 0)
        log.record(2)
        assert lag(log, name).events == 2
        watcher.witness.logs = ()
        log.confirm(watcher.anchor)
        assert (lag(log, name).events, lag(log, name).failures) == (2, 1)


@pytest.mark.one_store
def test_what_was_confirmed_of_an_earlier_origin_counts_no_more(
    log: AnchoredLog, tmp_path: Path
) -> None:
    with watched(log, tmp_path) as watcher:
        log.confirm(watcher.anchor)
        signer = Signer(log.log.keys, log.log.storage)
        [key] = signer.begin_origin()
        log.record()
        assert lag(log, watcher.url).events == log.log.head
        assert "404" in str(log.confirm(watcher.anchor).error)
        watcher.witness.logs = (str(key.verifier),)
        assert log.confirm(watcher.anchor).origin == "test.example/ledger/2"
        assert lag(log, watcher.url).events == 0


@pytest.mark.one_store
def test_while_keys_rotate_a_witness_needs_to_know_one_of_them(
    log: AnchoredLog, tmp_path: Path
) -> None:
    with watched(log, tmp_path) as watcher:
        KeyChanges(KeyFile(tmp_path / "ledger.key")).rotate()
        log.record()
        assert log.confirm(watcher.anchor).failures == 0
        note: Note = log.newest[1]
        keys = [key.verifier for key in log.log.keys.read()]
        everybody = [*keys, VerifierKey.parse(watcher.cosigner.vkey)]
        assert note.signers(everybody) == everybody
