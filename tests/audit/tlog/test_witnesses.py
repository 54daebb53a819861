"""Witnesses cosign what extends the log that they have seen, and nothing else is taken from them."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.tlog import posting
from audit.tlog.merkle import EMPTY_ROOT, consistency_proof, root
from audit.tlog.notes import VerifierKey
from audit.tlog.witnesses import parse_witnesses
from tests.audit.logs import Log
from tests.audit.tlog.anchored import AnchoredLog, Watched, liar, watched
from tests.audit.tlog.trees import leaves, nodes_of, tiles_of
from tests.harness.answering import Reply
from tests.harness.effort import effort
from tests.harness.processes import free_port
from tests.harness.witness import SIZE_TYPE, Cosigner, is_consistent

NOW = 1_790_000_000


@pytest.fixture
def log(url: str, tmp_path: Path) -> Iterator[AnchoredLog]:
    """Make a log of a few events, which is signed."""
    made = AnchoredLog(Log(url, tmp_path))
    made.record(3)
    yield made
    made.log.close()


@pytest.fixture
def watcher(log: AnchoredLog, tmp_path: Path) -> Iterator[Watched]:
    """Start a witness that knows the log's key."""
    with watched(log, tmp_path) as started:
        yield started


def test_a_checkpoint_is_cosigned_once(log: AnchoredLog, watcher: Watched) -> None:
    reached = log.confirm(watcher.anchor)
    checkpoint, note = log.newest
    key = VerifierKey.parse(watcher.cosigner.vkey)
    assert note.signers([key, VerifierKey.parse(log.key)]) == [key, VerifierKey.parse(log.key)]
    assert (reached.origin, reached.size) == (checkpoint.origin, checkpoint.size)
    assert watcher.witness.seen(checkpoint.origin) == (checkpoint.size, checkpoint.root)
    log.confirm(watcher.anchor)
    assert len(watcher.witness.asked) == 1


def test_each_checkpoint_comes_with_a_proof_from_the_one_before(
    log: AnchoredLog, watcher: Watched
) -> None:
    for count in (1, 1, 7, 300):
        log.confirm(watcher.anchor)
        log.record(count)
    assert log.confirm(watcher.anchor).failures == 0
    assert len(watcher.witness.asked) == 5


@pytest.mark.one_store
def test_a_witness_that_is_behind_says_where_to_begin(log: AnchoredLog, watcher: Watched) -> None:
    log.confirm(watcher.anchor)
    remembered = watcher.file.read_bytes()
    log.record(2)
    log.confirm(watcher.anchor)
    log.record(2)
    watcher.file.write_bytes(remembered)
    reached = log.confirm(watcher.anchor)
    assert (reached.size, reached.failures) == (log.log.head, 0)


@pytest.mark.one_store
def test_a_witness_that_knows_more_than_we_remember_says_where_to_begin(
    log: AnchoredLog, watcher: Watched
) -> None:
    log.confirm(watcher.anchor)
    with log.log.storage.writing() as connection:
        connection.exec_driver_sql("DELETE FROM tlog_anchors")
    log.record(2)
    assert log.confirm(watcher.anchor).size == log.log.head
    assert len(watcher.witness.asked) == 3


def test_a_witness_has_seen_more_than_a_ledger_that_was_restored(
    log: AnchoredLog, watcher: Watched, tmp_path: Path
) -> None:
    log.record(5)
    log.confirm(watcher.anchor)
    (tmp_path / "elsewhere").mkdir()
    restored = AnchoredLog(Log(f"sqlite:///{tmp_path}/restored.db", tmp_path / "elsewhere"))
    restored.log.keys.write(log.log.keys.read())
    restored.record(3)
    [anchor] = restored.witnesses(f"{watcher.url}#{watcher.cosigner.vkey}")
    before = restored.newest
    reached = restored.confirm(anchor)
    assert "has seen" in str(reached.error)
    assert "restored to an earlier state" in str(reached.error)
    assert (reached.size, reached.failures, restored.newest) == (0, 1, before)
    assert restored.said == [{"anchor": watcher.url, "error": reached.error}]
    restored.log.close()


@pytest.mark.one_store
def test_another_history_is_not_cosigned(
    log: AnchoredLog, watcher: Watched, tmp_path: Path
) -> None:
    log.confirm(watcher.anchor)
    (tmp_path / "elsewhere").mkdir()
    other = AnchoredLog(Log(f"sqlite:///{tmp_path}/other.db", tmp_path / "elsewhere"))
    other.log.keys.write(log.log.keys.read())
    other.record(9)
    reached = other.confirm(other.witnesses(watcher.url)[0])
    assert "422" in str(reached.error)
    other.log.close()


@pytest.mark.one_store
def test_a_witness_that_does_not_know_the_log_is_a_failure(
    log: AnchoredLog, watcher: Watched
) -> None:
    watcher.witness.logs = ()
    assert "404" in str(log.confirm(watcher.anchor).error)
    watcher.witness.logs = (f"{log.newest[0].origin}{Cosigner('').vkey}",)
    assert "403" in str(log.confirm(watcher.anchor).error)
    assert log.reached(watcher.anchor).failures == 2
    watcher.witness.logs = (log.key,)
    reached = log.confirm(watcher.anchor)
    assert (reached.size, reached.failures, reached.error) == (log.log.head, 2, None)


def test_cosignatures_of_several_witnesses_stand_side_by_side(
    log: AnchoredLog, watcher: Watched, tmp_path: Path
) -> None:
    with watched(log, tmp_path, "v.example") as second:
        log.confirm(watcher.anchor)
        log.confirm(second.anchor)
        keys = [VerifierKey.parse(each.cosigner.vkey) for each in (watcher, second)]
        assert log.newest[1].signers(keys) == keys


@pytest.mark.one_store
def test_a_cosignature_is_never_there_twice(log: AnchoredLog, watcher: Watched) -> None:
    log.confirm(watcher.anchor)
    before = log.newest
    with log.log.storage.writing() as connection:
        connection.exec_driver_sql("DELETE FROM tlog_anchors")
    log.confirm(watcher.anchor)
    assert log.newest == before
    # The witness has cosigned again, at another second maybe.
    assert len(watcher.witness.asked) == 3


@pytest.mark.one_store
def test_without_its_key_a_witness_is_believed(log: AnchoredLog, watcher: Watched) -> None:
    log.confirm(log.witnesses(watcher.url)[0])
    key = VerifierKey.parse(watcher.cosigner.vkey)
    assert log.newest[1].signers([key]) == [key]


KNOWN, STRANGER = Cosigner("w.example", "known"), Cosigner("w.example", "stranger")


def renamed(line: str, name: str) -> str:
    return line.replace("w.example", name)


LIES: dict[str, Callable[[str], bytes]] = {
    "nothing": lambda text: b"",
    "garbage": lambda text: bytes(range(256)),
    "a page": lambda text: b"<!doctype html>\n<p>\n",
    "another key": lambda text: STRANGER.cosign(text, NOW).encode(),
    "another text": lambda text: KNOWN.cosign(text.replace("\n3\n", "\n4\n") + "x\n", NOW).encode(),
    "no line feed": lambda text: KNOWN.cosign(text, NOW).rstrip().encode(),
    "no time": lambda text: KNOWN.cosign(text, 0).encode(),
    "a time beyond all": lambda text: KNOWN.cosign(text, 2**63).encode(),
    "a carriage return": lambda text: KNOWN.cosign(text, NOW).replace("\n", "\r\n").encode(),
    "a blank line": lambda text: f"\n{KNOWN.cosign(text, NOW)}".encode(),
    "a whole note": lambda text: f"{text}\n{KNOWN.cosign(text, NOW)}".encode(),
}
LIES_WITHOUT_KEY: dict[str, Callable[[str], bytes]] = {
    "the name of the log": lambda text: renamed(
        KNOWN.cosign(text, NOW), "test.example/ledger"
    ).encode(),
    "a control character": lambda text: renamed(KNOWN.cosign(text, NOW), "w\x01").encode(),
    "a hidden character": lambda text: renamed(KNOWN.cosign(text, NOW), "w\u202e").encode(),
    "a name without end": lambda text: renamed(KNOWN.cosign(text, NOW), "w" * 256).encode(),
    "a signature of another type": lambda text: b"\xe2\x80\x94 w.example " + b"AAAA" * 20 + b"\n",
    "many": lambda text: "".join(
        Cosigner(f"w{n}.example").cosign(text, NOW) for n in range(5)
    ).encode(),
}


@pytest.mark.one_store
@pytest.mark.parametrize("lie", LIES)
def test_what_a_known_witness_did_not_sign_is_not_taken(log: AnchoredLog, lie: str) -> None:
    before = log.newest
    with liar(log, lambda *_: Reply(200, LIES[lie](before[1].text)), KNOWN.vkey) as anchor:
        reached = log.confirm(anchor)
    assert (reached.size, reached.failures, log.newest) == (0, 1, before)
    assert str(reached.error).isprintable()


@pytest.mark.one_store
@pytest.mark.parametrize("lie", LIES_WITHOUT_KEY)
def test_a_witness_without_a_key_can_not_make_a_note_unreadable(log: AnchoredLog, lie: str) -> None:
    before = log.newest
    with liar(log, lambda *_: Reply(200, LIES_WITHOUT_KEY[lie](before[1].text))) as anchor:
        assert log.confirm(anchor).failures == 1
    assert log.newest == before


@pytest.mark.one_store
def test_a_witness_without_a_key_can_not_sign_for_one_that_has_one(
    log: AnchoredLog, watcher: Watched
) -> None:
    forged = renamed(KNOWN.cosign("other\n", NOW), "w.example")
    known = watcher.cosigner.cosign("other\n", NOW)
    with liar(log, lambda *_: Reply(200, (forged + known).encode())) as anchor:
        both = log.witnesses(f"{anchor.name} {watcher.url}#{watcher.cosigner.vkey}")
        for each in both:
            log.confirm(each)
    key = VerifierKey.parse(watcher.cosigner.vkey)
    assert log.newest[1].signers([key]) == [key]


@pytest.mark.one_store
def test_a_full_note_takes_no_more(log: AnchoredLog) -> None:
    names = iter(range(10**6))

    def crowd(*_: object) -> Reply:
        lines = (Cosigner(f"{'w' * 240}{next(names)}").cosign("x\n", NOW) for _ in range(4))
        return Reply(200, "".join(lines).encode())

    with liar(log, crowd) as anchor:
        while not log.confirm(anchor).failures:
            with log.log.storage.writing() as connection:
                connection.exec_driver_sql("DELETE FROM tlog_anchors")
    assert "don't fit" in str(log.reached(anchor).error)
    assert len(str(log.newest[1])) <= 64 * 1024


ANSWERS: dict[str, tuple[Reply, str]] = {
    "an error": (Reply(500, b"\x00\xff\r\nit hurts"), "it answered 500 .*it hurts"),
    "a redirection": (Reply(302, b""), "302"),
    "created": (Reply(201, b""), "201"),
    "a conflict without a size": (Reply(409, b"many\n", SIZE_TYPE), "without a size"),
    "a conflict for ever": (Reply(409, b"1\n", SIZE_TYPE), "409 1"),
    "a size beyond numbers": (Reply(409, b"9" * 5000 + b"\n", SIZE_TYPE), "without a size"),
    "a negative size": (Reply(409, b"-1\n", SIZE_TYPE), "without a size"),
    "a huge size": (Reply(409, b"9" * 18 + b"\n", SIZE_TYPE), "has seen 9+ events"),
    "a huge answer": (Reply(200, b"x" * 70_000), "more than 64 KiB"),
    "a huge error": (Reply(500, b"x" * 70_000), "more than 64 KiB"),
    "parts without end": (Reply(200, (b"x" * 1000 for _ in iter(int, 1))), "more than 64 KiB"),
}


@pytest.mark.one_store
@pytest.mark.parametrize("what", ANSWERS)
def test_any_other_answer_is_a_failure(log: AnchoredLog, what: str) -> None:
    before, (reply, why) = log.newest, ANSWERS[what]
    with liar(log, lambda *_: reply, KNOWN.vkey) as anchor:
        reached = log.confirm(anchor)
    assert (reached.failures, log.newest) == (1, before)
    assert re.search(why, str(reached.error))
    assert str(reached.error).isprintable()


@pytest.mark.one_store
@settings(max_examples=effort(20, 200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(status=st.integers(200, 599), body=st.binary(max_size=300), known=st.booleans())
def test_no_answer_changes_a_note_but_a_cosignature(
    log: AnchoredLog, status: int, body: bytes, known: bool
) -> None:
    before = log.newest
    with liar(log, lambda *_: Reply(status, body), KNOWN.vkey if known else "") as anchor:
        assert log.confirm(anchor).failures
    assert log.newest == before


def drip() -> Iterable[bytes]:
    """Send a byte now and then."""
    for _ in range(100):
        time.sleep(0.05)
        yield b"x"


@pytest.mark.one_store
def test_a_witness_that_is_slow_is_left_alone(
    log: AnchoredLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "ANSWER_SECONDS", 0.3)
    with liar(log, lambda *_: Reply(200, drip())) as anchor:
        assert "no whole answer" in str(log.confirm(anchor).error)


@contextmanager
def saying(parts: Iterable[bytes]) -> Iterator[str]:
    """Accept a connection, and send bytes on it whatever comes; give the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection, suppress(ConnectionError):
                for each in parts:
                    connection.sendall(each)

        threading.Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.one_store
def test_a_witness_that_sends_its_head_by_the_byte_is_left_alone(
    log: AnchoredLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "ANSWER_SECONDS", 0.3)
    with saying(chain([b"HTTP/1.1 200 OK\r\n"], drip())) as url:
        [anchor] = log.witnesses(url)
        assert "no whole answer" in str(log.confirm(anchor).error)


@pytest.mark.one_store
@pytest.mark.parametrize("host", ["127.0.0.1:{}", "nowhere.invalid:{}", "[::1]:{}"])
def test_a_witness_that_is_down_is_a_failure(log: AnchoredLog, host: str) -> None:
    url = f"http://{host.format(free_port())}"
    [anchor] = log.witnesses(url)
    assert "no answer" in str(log.confirm(anchor).error)


@pytest.mark.one_store
def test_what_is_no_http_is_a_failure(log: AnchoredLog) -> None:
    with saying([b"SSH-2.0-OpenSSH_9.2\r\n"]) as url:
        [anchor] = log.witnesses(url)
        assert "no answer" in str(log.confirm(anchor).error)


def test_proofs_are_those_that_an_independent_witness_accepts() -> None:
    largest = effort(40, 130)
    nodes = nodes_of(tiles_of(leaves(largest)))
    roots = [root(nodes, size) for size in range(largest + 1)]
    for new in range(largest + 1):
        for old in range(new + 1):
            proof = consistency_proof(nodes, old, new)
            assert is_consistent(old, new, roots[old], roots[new], proof)
            if 0 < old < new:
                assert not is_consistent(old, new, roots[old], roots[new], proof[:-1])
                assert not is_consistent(old, new, roots[old], roots[new], [*proof, EMPTY_ROOT])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ftp://w.example", "address"),
        ("http://wé.example", "address"),
        ("w.example", "address"),
        ("http://", "address"),
        ("http://:80", "address"),
        ("http://w.example:99999", "address"),
        ("http://w.example:x", "address"),
        ("http://w.example:0", "address"),
        ("http://[::1", "address"),
        ("http://w.example?a=b", "no query"),
        ("http://w\x7f.example", "address"),
        ("http://w.example#w.example", "NAME"),
        ("http://w.example#w.example+00000000+AAAA", "NAME"),
        ("http://w.example/ http://w.example", "twice"),
    ],
)
def test_a_bad_setting_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_witnesses(text)


def test_witnesses_are_separated_by_white_space_or_commas() -> None:
    key = Cosigner("a.example").vkey
    found = parse_witnesses(f" https://a.example/x/#{key},\n\thttp://u:p@b.example ,, ")
    assert [each.name for each in found] == ["https://a.example/x", "http://b.example"]
    assert [each.key for each in found] == [VerifierKey.parse(key), None]


def test_no_key_of_a_log_is_one_of_a_witness(log: AnchoredLog) -> None:
    with pytest.raises(ValueError, match="type 04"):
        parse_witnesses(f"http://w.example#{log.key}")
