"""Bundles go from one ledger to another, on either store, and come back as they were."""

import os
import stat
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from msgspec import json
from sqlalchemy import Update, delete, update

from audit.bundles.bundle import Bundle
from audit.bundles.errors import BundleError
from audit.bundles.folder import Folder
from audit.bundles.given_ids import KINDS
from audit.entries import Subject
from audit.reviews import review
from audit.tlog.checkpoints import parse_note
from audit.tlog.entries import leaf_of
from audit.tlog.key_changes import KeyChanges
from audit.tlog.merkle import check_inclusion
from audit.tlog.tables import tiles
from domain.aggregates.source import Source
from tests.audit.logs import NO_TEXT, REVIEWED, Log, OpenEmpty, contents_of, lines_in
from tests.domain.scene import kit, send
from tests.store.test_sealed_states import CIPHER

OTHER = {"sqlite": "postgres", "postgres": "sqlite"}


class Ended(BaseException):
    """The process is ended here."""


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_bundle_goes_to_the_other_store_and_back_without_the_change_of_a_byte(
    told: Log, store: str, open_empty: OpenEmpty, tmp_path: Path, form: str
) -> None:
    made = told.export(tmp_path / "first", form)
    assert made.last == made.count == told.head
    assert len(made.files) > 3

    there = open_empty(OTHER[store])
    there.take(tmp_path / "first")
    there.export(tmp_path / "second", form)
    back = open_empty(store)
    back.take(tmp_path / "second")
    back.export(tmp_path / "third", form)

    first = contents_of(tmp_path / "first")
    assert first[f"checkpoints/{told.head}.tsr"] == b"a time stamp"
    assert first == contents_of(tmp_path / "second") == contents_of(tmp_path / "third")
    assert back.rows == there.rows == told.rows
    assert back.storage.root(told.head) == told.storage.root(told.head)
    assert set(told.ledger.store.kinds_of_given_ids()) == set(KINDS)
    assert there.ledger.store.next_id("registration") == 3


@pytest.mark.one_store
@pytest.mark.usefixtures("small_files")
def test_an_export_that_was_ended_anywhere_goes_on_to_the_same_bytes(
    told: Log, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.export(tmp_path / "at once")
    expected = contents_of(tmp_path / "at once")
    sync = os.fsync
    left = 0

    def end_sometime(descriptor: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Ended
        sync(descriptor)

    monkeypatch.setattr("audit.bundles.folder.os.fsync", end_sometime)
    for ended_at in count(0, 3):
        folder, left = tmp_path / str(ended_at), ended_at
        with suppress(Ended):
            told.export(folder)
            break
        # Cut off in the middle of a line, as by a power cut.
        if (part := folder / "bundle.part").is_file():
            part.write_bytes(part.read_bytes() + b'{"file":{"na')
        left = 10**6
        told.export(folder)
        assert contents_of(folder) == expected
    assert ended_at > 2 * len(expected)


@pytest.mark.one_store
@pytest.mark.usefixtures("small_files")
def test_what_was_written_before_is_not_written_again_and_what_was_altered_is(
    told: Log, store: str, tmp_path: Path
) -> None:
    told.export(tmp_path / "made")
    expected = contents_of(tmp_path / "made")
    written = sorted((tmp_path / "made" / "events").iterdir())
    times = [each.stat().st_mtime_ns for each in written]
    written[1].write_bytes(written[1].read_bytes().replace(b"KIT_", b"CAT_"))

    told.export(tmp_path / "made")

    assert contents_of(tmp_path / "made") == expected
    now = [each.stat().st_mtime_ns for each in written]
    assert (now[0], now[2:]) == (times[0], times[2:])


@pytest.mark.one_store
@pytest.mark.usefixtures("small_files")
def test_an_export_that_was_ended_keeps_its_end_though_more_was_signed(
    told: Log, store: str, open_empty: OpenEmpty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.export(tmp_path / "made")
    log = open_empty(store)
    log.take(tmp_path / "made")
    log.keys.path.write_bytes(told.keys.path.read_bytes())
    log.keys.path.chmod(0o600)
    with monkeypatch.context() as patch:
        patch.setattr("audit.bundles.exporting.page.page", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            log.export(tmp_path / "ended")
    log.record(Source.create_id("lab"), Source.Retired)
    log.sign()

    assert log.export(tmp_path / "ended").last == told.head
    assert contents_of(tmp_path / "ended") == contents_of(tmp_path / "made")
    with pytest.raises(BundleError, match=f"another bundle, of positions 1 to {told.head}"):
        log.export(tmp_path / "ended")
    assert log.export(tmp_path / "new").last == told.head + 1


@pytest.mark.usefixtures("small_files")
def test_an_import_that_was_ended_anywhere_goes_on(
    told: Log, store: str, open_empty: OpenEmpty, tmp_path: Path
) -> None:
    told.export(tmp_path / "made")
    log = open_empty(store)

    def end_after_a_batch(position: int) -> None:
        assert log.head == position
        raise Ended

    for _ in range(3):
        with pytest.raises(Ended):
            log.take(tmp_path / "made", end_after_a_batch)
    assert log.head == 15
    log.take(tmp_path / "made")
    log.take(tmp_path / "made")
    assert log.rows == told.rows
    assert log.storage.root(log.head) == told.storage.root(log.head)


@pytest.mark.one_store
@pytest.mark.usefixtures("small_files")
def test_a_bundle_that_ends_before_its_checkpoint_brings_only_older_ones(
    told: Log, store: str, open_empty: OpenEmpty, tmp_path: Path
) -> None:
    told.export(tmp_path / "made", last=20)
    names = {each.name for each in (tmp_path / "made" / "checkpoints").iterdir()}
    assert names == {"2", str(told.head), f"{told.head}.tsr"}
    log = open_empty(store)
    log.take(tmp_path / "made")
    assert log.rows == told.rows[:20]
    assert log.storage.root(20) == told.storage.root(20)
    assert [each.size for each in log.storage.checkpoints()] == [2]


def test_files_are_for_their_owner_alone(told: Log, tmp_path: Path) -> None:
    told.export(tmp_path / "made")
    modes = {
        each.is_dir(): stat.S_IMODE(each.stat().st_mode)
        for each in [tmp_path / "made", *(tmp_path / "made").rglob("*")]
    }
    assert modes == {True: 0o700, False: 0o600}


@pytest.mark.one_store
def test_a_bundle_is_not_written_among_other_files(told: Log, store: str, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to-mum").write_text("Dear mum")
    with pytest.raises(BundleError, match="is not empty, and no bundle: name a new folder"):
        told.export(tmp_path / "letters")
    assert contents_of(tmp_path / "letters") == {"to-mum": b"Dear mum"}


@pytest.mark.one_store
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (update(tiles).values(hashes=bytes(64 * 32)), "position 1: the ledger has another event"),
        (delete(tiles), "the log lacks a tile"),
    ],
)
def test_what_is_not_as_it_was_hashed_is_not_exported(
    told: Log, store: str, open_empty: OpenEmpty, tmp_path: Path, damage: Update, message: str
) -> None:
    told.export(tmp_path / "made")
    log = open_empty(store)
    log.take(tmp_path / "made")
    with log.storage.writing() as connection:
        connection.execute(damage)
    with pytest.raises(BundleError, match=message):
        log.export(tmp_path / "again")
    assert not (tmp_path / "again" / "bundle.json").exists()


@pytest.mark.one_store
def test_parquet_says_what_it_needs(
    told: Log, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BundleError, match=r"pip install 'kitledger\[parquet\]'"):
        told.export(tmp_path / "made", "parquet")


@pytest.mark.one_store
def test_what_no_checkpoint_covers_is_refused(
    told: Log, store: str, open_empty: OpenEmpty, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match="`kitledger audit checkpoint` signs one"):
        told.export(tmp_path / "made", last=told.head + 1)
    with pytest.raises(BundleError, match="`kitledger audit key` makes the key"):
        open_empty(store).export(tmp_path / "made")
    with pytest.raises(BundleError, match="there is no such event"):
        told.export(tmp_path / "made", first=9, last=8)
    assert not (tmp_path / "made").exists()


@pytest.mark.one_store
@pytest.mark.usefixtures("small_files")
def test_a_range_has_the_tiles_that_prove_it_and_is_not_for_an_import(
    told: Log, store: str, open_empty: OpenEmpty, tmp_path: Path
) -> None:
    made = told.export(tmp_path / "made", first=20, last=40)
    assert [each.name for each in made.files] == [
        "events/000000020.jsonl",
        "events/000000033.jsonl",
    ]
    assert [line.position for line in lines_in(tmp_path / "made")] == [*range(20, 41)]
    with pytest.raises(BundleError, match="only a bundle of all events from position 1"):
        open_empty(store).take(tmp_path / "made")


def test_a_bundle_about_a_thing_has_its_deliveries_and_sources_with_a_proof_each(
    told: Log, tmp_path: Path
) -> None:
    told.export(tmp_path / "made", subjects=(Subject("kit", "A"),))

    lines = lines_in(tmp_path / "made")
    kinds = {line.stream.partition("/")[0] for line in lines}
    assert kinds == {"kit", "delivery", "batch", "source"}
    assert {line.stream for line in lines if line.topic.startswith("Kit.")} == {"kit/A"}
    checkpoint, _ = parse_note((tmp_path / "made" / "checkpoint").read_text())
    for line in lines:
        assert line.proof is not None
        leaf, index = leaf_of(line.row()), line.position - 1
        check_inclusion(leaf, index, checkpoint.size, line.proof, checkpoint.root)
    assert not (tmp_path / "made" / "tile").exists()
    subject = json.decode((tmp_path / "made" / "bundle.json").read_bytes())["subject"]
    assert subject == {"kind": "kit", "id": "A"}


def test_a_line_says_what_was_delivered(told: Log, tmp_path: Path) -> None:
    told.export(tmp_path / "made")
    said = [line.delivery for line in lines_in(tmp_path / "made") if line.delivery is not None]
    bodies = [each.body.encode() if each.body is not None else each.body_base64 for each in said]
    assert NO_TEXT in bodies
    # The signature of an array is with the array.
    assert {(each.signature, each.batch is None) for each in said} == {
        ("v1,c2lnbmVk", True),
        ("", False),
    }


@pytest.mark.one_store
def test_what_is_encrypted_in_the_ledger_is_so_in_a_bundle(
    store: str, open_empty: OpenEmpty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        for name, value in CIPHER.items():
            patch.setenv(name, value)
        log = open_empty(store)
        log.make_key()
        send(log.ledger, kit(1, "SECRET", "KIT_SHIPPED"))
        log.sign()
        log.export(tmp_path / "made")
    assert {line.delivery for line in lines_in(tmp_path / "made")} == {None}
    assert b"KIT_SHIPPED" not in b"".join(contents_of(tmp_path / "made").values())

    # Without the key of the cipher, the leaves still show that all is there.
    there = open_empty(store)
    there.take(tmp_path / "made")
    assert there.rows == log.rows


def test_a_bundle_about_a_review_has_what_was_reviewed_and_the_review(
    told: Log, tmp_path: Path
) -> None:
    found = review(told.ledger, 1, until=told.head)
    assert found is not None
    told.export(tmp_path / "made", review=found)
    first, last = REVIEWED
    lines = lines_in(tmp_path / "made")
    assert [line.position for line in lines] == [*range(first, last + 1), found.position]
    assert all(line.proof for line in lines)


def test_a_checkpoint_that_was_signed_before_its_key_was_recorded_has_that_key(
    store: str, open_empty: OpenEmpty, tmp_path: Path
) -> None:
    """The keeper may sign in the moment between."""
    log = open_empty(store)
    log.record(Source.create_id("lab"), Source.Added, settings={})
    KeyChanges(log.keys).make("test.example/ledger")
    log.sign()
    with pytest.raises(BundleError, match="the log names no key of"):
        log.export(tmp_path / "early")
    log.make_key()
    log.export(tmp_path / "bundle", last=1)
    assert len(Bundle(Folder(tmp_path / "bundle")).signers) == 1
