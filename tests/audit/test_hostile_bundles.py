"""A bundle that was altered is refused, and nothing that is wrong is written; the true one goes on."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from shutil import copytree

import pyarrow
import pyarrow.parquet
import pytest
from eventsourcing.persistence import DataError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.bundles.bundle import Bundle
from audit.bundles.errors import BundleError
from audit.bundles.folder import Folder
from audit.tlog.entries import leaf_of
from audit.tlog.key_changes import KeyChanges
from audit.tlog.notes import SignerKey
from domain.aggregates.source import Source
from domain.aggregates.transparency_log import TransparencyLog
from store.stored_rows import WholeRow
from tests.audit import bundle_writer as written
from tests.audit.logs import Log, OpenEmpty, contents_of
from tests.harness.effort import effort

Alter = Callable[[Path], None]
SECOND = "events/000000017.jsonl"
pytestmark = [pytest.mark.one_store, pytest.mark.usefixtures("small_files")]


@pytest.fixture
def bundle(told: Log, tmp_path: Path) -> Path:
    """Give a bundle of everything."""
    told.export(tmp_path / "bundle")
    return tmp_path / "bundle"


def replaced(name: str, old: bytes, new: bytes, times: int = 1) -> Alter:
    """Replace bytes in a file of events, and its hash in bundle.json; in another file only the bytes."""

    def alter(folder: Path) -> None:
        file = folder / name
        before = file.read_bytes()
        after = before.replace(old, new, times)
        assert after != before
        file.write_bytes(after)
        if name.startswith("events/"):
            index = folder / "bundle.json"
            digests = [sha256(each).hexdigest() for each in (before, after)]
            index.write_text(index.read_text().replace(*digests))

    return alter


def removed(name: str) -> Alter:
    return lambda folder: next(folder.glob(name)).unlink()


def swapped(name: str) -> Alter:
    """Swap the first two lines of a file of events."""

    def alter(folder: Path) -> None:
        first, second, *_ = (folder / name).read_bytes().splitlines(keepends=True)
        replaced(name, first + second, second + first)(folder)

    return alter


def cut(name: str, kept: int) -> Alter:
    def alter(folder: Path) -> None:
        file = next(folder.glob(name))
        file.write_bytes(file.read_bytes()[:kept])

    return alter


def signed_by_another(folder: Path) -> None:
    """Sign the checkpoint by a key that is not in `keys`."""
    text, _, _ = (folder / "checkpoint").read_text().rpartition("\n\n")
    key = SignerKey.generate("test.example/ledger")
    (folder / "checkpoint").write_text(f"{text}\n\n{key.sign(text + chr(10))}\n")


ALTERATIONS: dict[str, Alter] = {
    "a cause": replaced(SECOND, b'"by":"operator/tester"', b'"by":"operator/testor"'),
    "no cause": replaced(SECOND, b',"by":"operator/tester"', b""),
    "no reason": replaced(SECOND, b',"has_reason":true', b""),
    "an organization": replaced(
        SECOND, b'"has_reason":true', b'"has_reason":true,"organization":7'
    ),
    "a time": replaced(SECOND, b'"recorded_at":1', b'"recorded_at":2'),
    "a topic": replaced(SECOND, b'"topic":"', b'"topic":"X'),
    "a position": replaced(SECOND, b'"position":18', b'"position":19'),
    "a state": replaced(SECOND, b'"state":"', b'"state":"AAAA'),
    "an unknown member": replaced(SECOND, b'{"position"', b'{"x":1,"position"'),
    "no JSON": replaced(SECOND, b'{"position"', b'{"position'),
    "no UTF-8": replaced(SECOND, b'"stream":"', b'"stream":"\xff'),
    "NUL": replaced(SECOND, b'"stream":"', b'"stream":"\\u0000'),
    "a lone surrogate": replaced(SECOND, b'"stream":"', b'"stream":"\\ud800'),
    "huge numbers": replaced(SECOND, b'"version":', b'"version":' + b"9" * 5000),
    "deep nesting": replaced(SECOND, b'"version":', b'"x":' + b"[" * 100_000),
    "swapped lines": swapped(SECOND),
    "an empty line": replaced(SECOND, b"\n", b"\n\n"),
    "a missing file": removed(SECOND),
    "a cut file": cut(SECOND, 900),
    "no bundle.json": removed("bundle.json"),
    "an empty bundle.json": cut("bundle.json", 0),
    "another format": replaced("bundle.json", b"kitledger-bundle/1", b"kitledger-bundle/9"),
    "another form": replaced("bundle.json", b'"jsonl"', b'"xml"'),
    "a file elsewhere": replaced("bundle.json", b'"events/0', b'"../0'),
    "another end": replaced("bundle.json", b'"to":', b'"to": 1', 1),
    "a far end": replaced("bundle.json", b'"to": ', b'"to": 10000000000000', 1),
    "other ids": replaced("bundle.json", b'"registration": 2', b'"registration": 1'),
    "ids left out": replaced("bundle.json", b'"review": 1', b'"reviews": 1'),
    "no checkpoint": removed("checkpoint"),
    "a checkpoint of another": signed_by_another,
    "another root": replaced("checkpoint", b"\n", b"\nA"),
    "a long checkpoint": replaced("checkpoint", b"\n", b"x" * 70_000 + b"\n"),
    "no keys": cut("keys", 0),
    "false keys": replaced("keys", b"+", b"-"),
    "a missing tile": removed("tile/0/000.p/*"),
    "a short tile": cut("tile/0/000.p/*", 64),
    "an older checkpoint altered": replaced("checkpoints/2", b"\n2\n", b"\n3\n"),
    "an older checkpoint cut": cut("checkpoints/2", 30),
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_a_bundle_that_was_altered_is_refused_and_the_true_one_goes_on(
    told: Log, store: str, open_empty: OpenEmpty, bundle: Path, tmp_path: Path, what: str
) -> None:
    altered, log = copytree(bundle, tmp_path / "altered"), open_empty(store)
    ALTERATIONS[what](altered)

    with pytest.raises(BundleError) as refused:
        log.take(altered)

    assert len(str(refused.value).splitlines()) == 1
    assert log.rows == told.rows[: log.head]
    assert log.storage.newest() is None
    log.take(bundle)
    assert log.rows == told.rows


def test_the_first_bad_position_is_named(store: str, open_empty: OpenEmpty, bundle: Path) -> None:
    replaced(SECOND, b'"topic":"', b'"topic":"X')(bundle)
    log = open_empty(store)
    with pytest.raises(BundleError, match=r"^position 17: .* not the one that was hashed"):
        log.take(bundle)
    assert log.head <= 16


@given(data=st.data())
@settings(max_examples=effort(20, 200), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_byte_is_changed_what_is_read_is_true_or_refused(
    told: Log, bundle: Path, data: st.DataObject
) -> None:
    names = sorted(name for name in contents_of(bundle) if name != "index.html")
    file = bundle / data.draw(st.sampled_from(names))
    before = file.read_bytes()
    at = data.draw(st.integers(0, len(before) - 1))
    file.write_bytes(
        before[:at] + bytes([before[at] ^ data.draw(st.integers(1, 255))]) + before[at + 1 :]
    )
    try:
        found = Bundle(Folder(bundle))
        found.check()
        rows = [line.row() for line in found.lines(0)]
        assert [row[:5] for row in rows] == [row[:5] for row in told.rows]
        assert found.root == told.storage.root(told.head)
    except BundleError:
        pass
    finally:
        file.write_bytes(before)


def forged(log: Log, rows: list[WholeRow], folder: Path) -> Path:
    """Write events as they never were recorded, sign them, and export them."""
    log.ledger.store.import_events(rows)
    KeyChanges(log.keys).make("test.example/forged")
    [key] = log.keys.read()
    log.record("transparency-log/ledger", TransparencyLog.KeyAdded, verifier_key=str(key.verifier))
    log.sign()
    log.export(folder)
    return folder


def test_times_that_fall_are_refused_though_they_are_signed(
    told: Log, store: str, open_empty: OpenEmpty, tmp_path: Path
) -> None:
    first, second = told.rows[1:3]
    rows = [
        first._replace(position=1, originator_version=1, recorded_at=2),
        second._replace(position=2, recorded_at=1),
    ]
    folder = forged(open_empty(store), rows, tmp_path / "forged")
    with pytest.raises(BundleError, match=r"^position 2: its recorded time is before"):
        open_empty(store).take(folder)


def test_events_of_early_versions_have_no_time_and_no_facts(
    told: Log, store: str, open_empty: OpenEmpty, tmp_path: Path
) -> None:
    early = [
        row._replace(recorded_at=0, by="", has_reason=False, organization=None)
        for row in told.rows[1:4]
    ]
    rows = [row._replace(position=number) for number, row in enumerate(early, 1)]
    folder = forged(open_empty(store), rows, tmp_path / "early")
    log = open_empty(store)
    log.take(folder)
    assert log.rows[:3] == rows
    replaced("events/000000001.jsonl", b',"delivery"', b',"by":"client/1","delivery"')(folder)
    with pytest.raises(BundleError, match=r"by, has_reason or organization is not what the state"):
        open_empty(store).take(folder)


def test_what_is_altered_in_the_ledger_meanwhile_is_found_by_its_root(
    told: Log, store: str, open_empty: OpenEmpty, bundle: Path
) -> None:
    log = open_empty(store)
    hashes = b"".join(map(leaf_of, told.rows))

    def alter(position: int) -> None:
        if position == told.head:
            log.storage.save_tiles([(0, 0, bytes(32) + hashes[32:])])

    with pytest.raises(BundleError, match=r"^position 1: the ledger has another event here"):
        log.take(bundle, alter)
    assert log.storage.newest() is None


@pytest.mark.parametrize("other", [b"PAR1", None])
def test_a_file_that_is_no_such_parquet_is_refused(
    told: Log, store: str, open_empty: OpenEmpty, tmp_path: Path, other: bytes | None
) -> None:
    told.export(tmp_path, "parquet")
    table = pyarrow.table({"position": [1]})
    pyarrow.parquet.write_table(table, tmp_path / "other")
    name = "events/000000001.parquet"
    replaced(name, (tmp_path / name).read_bytes(), other or (tmp_path / "other").read_bytes())(
        tmp_path
    )
    log = open_empty(store)
    with pytest.raises(BundleError, match=f"^position 1: {name} has no event here"):
        log.take(tmp_path)
    assert log.head == 0


def test_a_ledger_with_other_events_takes_no_bundle(
    told: Log, store: str, open_empty: OpenEmpty, bundle: Path
) -> None:
    log = open_empty(store)
    log.record(Source.create_id("x"), Source.Added, settings={})
    before = log.rows
    with pytest.raises(BundleError, match=r"^position 1: the ledger has another event here"):
        log.take(bundle)
    assert log.rows == before


def test_events_that_no_database_can_take_are_refused(
    store: str, open_empty: OpenEmpty, tmp_path: Path
) -> None:
    """Their hashes are right: somebody made a log of their own."""
    log = open_empty(store)
    for number, wrong in enumerate(({"version": 2**64}, {"recorded_at": 2**64}, {"stream": "a\0"})):
        lines = [*written.lines(1), {**written.lines(1)[0], "position": 2, "stream": "a", **wrong}]
        folder = written.Log(lines).write(tmp_path / str(number))
        with pytest.raises((BundleError, DataError)) as refused:
            log.take(folder)
        assert len(str(refused.value).splitlines()) == 1
        assert log.head == 0


def test_a_stream_with_a_number_of_many_digits_is_none_that_a_ledger_gave_out(
    store: str, open_empty: OpenEmpty, tmp_path: Path
) -> None:
    log = open_empty(store)
    lines = [*written.lines(1), {**written.lines(2)[1], "stream": f"review/{'9' * 5000}"}]
    folder = written.Log(lines).write(tmp_path / "bundle")
    index = folder / "bundle.json"
    index.write_text(index.read_text().replace('{"review": 3}', "{}"))
    log.take(folder)
    assert log.head == 2
