"""The signer: what it signs always extends what it signed before, wherever it is killed."""

import threading
from typing import Any

import pytest

from audit.tlog.checkpoints import parse_note
from audit.tlog.key_changes import KeyChanges
from audit.tlog.key_file import SignerError
from audit.tlog.notes import Note
from audit.tlog.signer import NotExtended, Signer, next_origin
from tests.audit.tlog.scene import EVENTS, ORIGIN, Scene


class Killed(BaseException):
    """The process is gone."""


def kill(*_: Any) -> None:
    raise Killed


def test_what_was_signed_and_not_published_is_published_next(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.record(5)
    scene.build()
    with monkeypatch.context() as patch:
        patch.setattr(scene.storage, "save_checkpoint", kill)
        with pytest.raises(Killed):
            scene.signer.sign()
    signed = scene.signer.keys.last()
    assert signed is not None
    assert scene.storage.newest() != signed
    scene.signer.sign()
    assert scene.storage.newest() == scene.signer.keys.last() == signed


def test_what_was_not_kept_was_not_published(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.record(5)
    scene.build()
    before = scene.storage.newest()
    with monkeypatch.context() as patch:
        patch.setattr(scene.signer.keys, "keep_last", kill)
        with pytest.raises(Killed):
            scene.signer.sign()
    assert scene.storage.newest() == before
    assert scene.signer.sign()[0].size == EVENTS + 5


def test_without_the_last_one_beside_the_key_the_ledger_says_what_was_signed(scene: Scene) -> None:
    last = scene.signer.keys.path.with_name("signer.key.last")
    last.unlink()
    scene.owner.query("UPDATE stored_events SET state = %s WHERE position = 1", b"\x90")
    scene.tiles_anew()
    with pytest.raises(NotExtended, match="are not those that were signed"):
        scene.signer.sign()


@pytest.mark.parametrize("text", ["", "hello", "a\n1\n", "\x00"])
def test_a_damaged_last_one_stops_the_signer(scene: Scene, text: str) -> None:
    scene.signer.keys.path.with_name("signer.key.last").write_text(text)
    with pytest.raises(SignerError, match="last checkpoint"):
        scene.signer.sign()


def test_the_last_one_of_another_key_stops_the_signer(scene: Scene) -> None:
    keys = scene.signer.keys
    keys.path.unlink()
    KeyChanges(keys).make("other.example")
    with pytest.raises(SignerError, match="bring back the key file"):
        scene.signer.sign()


def test_a_key_that_was_retired_at_once_leaves_what_it_signed(scene: Scene) -> None:
    changes = KeyChanges(scene.signer.keys)
    changes.rotate()
    (_, old) = scene.signer.keys.read()
    changes.retire(old.verifier.id.hex())
    scene.record(1)
    scene.build()
    assert scene.signer.sign()[0].size == EVENTS + 1
    scene.owner.query("UPDATE stored_events SET state = %s WHERE position = 1", b"\x90")
    scene.tiles_anew()
    with pytest.raises(NotExtended):
        scene.signer.sign()


def test_a_checkpoint_is_signed_again_for_a_key_that_was_added(scene: Scene) -> None:
    KeyChanges(scene.signer.keys).rotate()
    _, note = scene.signer.sign()
    both = [key.verifier for key in scene.signer.keys.read()]
    assert note.signers(both) == both


def test_several_signers_at_once_sign_one_history(scene: Scene) -> None:
    """The keeper, and operators who sign on demand."""
    notes: list[Note] = []

    def sign() -> None:
        for _ in range(5):
            notes.append(Signer(scene.signer.keys, scene.storage).sign()[1])

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        scene.record(3)
        scene.build()
    for thread in threads:
        thread.join()
    assert len(notes) == 20
    scene.sign()
    kept = [parse_note(str(note))[0] for note in notes]
    assert {each.size for each in kept} <= set(range(EVENTS, EVENTS + 16))
    assert scene.verify(scene.kept).agreed == EVENTS + 15


def test_origins_are_numbered() -> None:
    names = ["lab.example/ledger", "lab.example/ledger/2", "lab.example/ledger/3"]
    assert [next_origin(name) for name in names[:2]] == names[1:]
    assert next_origin("7") == "7/2"


def test_a_new_origin_sets_the_last_one_aside_each_time(scene: Scene) -> None:
    for number in (1, 2):
        begun = scene.signer.begin_origin()
        assert begun[0].name == f"{ORIGIN}/{number + 1}"
        assert scene.signer.keys.last() is None
        scene.signer.sign()
    folder = scene.signer.keys.path.parent
    assert sorted(file.name for file in folder.glob("signer.key.last.*")) == [
        "signer.key.last.1",
        "signer.key.last.2",
    ]
