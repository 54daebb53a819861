"""Notes, keys and checkpoints: as their specifications say, and nothing else is taken."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audit.tlog.checkpoints import Checkpoint, parse_note
from audit.tlog.notes import Note, NoteError, SignerKey, VerifierKey
from audit.tlog.tiles import Tile
from tests.audit.tlog.keys import log_key
from tests.harness.effort import effort

EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAl"
    "TgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
KEY = log_key("lab.example/ledger")
CHECKPOINT = Checkpoint("lab.example/ledger", 812, b"\7" * 32)
SIGNED = str(Note(CHECKPOINT.text, ()).signed([KEY]))


def test_the_example_of_the_specification_verifies() -> None:
    key = VerifierKey.parse(EXAMPLE_KEY)
    assert Note.parse(EXAMPLE).signers([key]) == [key]
    assert str(key) == EXAMPLE_KEY
    assert str(Note.parse(EXAMPLE)) == EXAMPLE


def test_a_signed_checkpoint_reads_back_as_it_was() -> None:
    checkpoint, note = parse_note(SIGNED)
    assert checkpoint == CHECKPOINT
    assert note.signers([SignerKey.parse(KEY.to_text()).verifier]) == [KEY.verifier]


def test_a_private_key_is_never_shown() -> None:
    assert KEY.to_text().rpartition("+")[2] not in repr(KEY)


def test_signatures_of_unknown_keys_are_ignored_and_a_false_one_of_a_known_key_is_not() -> None:
    other = SignerKey.generate(KEY.name)
    note = Note.parse(SIGNED).signed([other])
    assert note.signers([KEY.verifier]) == [KEY.verifier]
    forged = Note(CHECKPOINT.text.replace("812", "813"), note.signatures)
    with pytest.raises(NoteError, match="does not hold"):
        forged.signers([KEY.verifier])


@given(at=st.integers(0, len(SIGNED) - 1), character=st.characters())
@example(at=SIGNED.index("=\n", SIGNED.index("—")) - 1, character="5")
@settings(max_examples=effort(300, 5000), deadline=None)
def test_no_character_of_a_signed_checkpoint_can_be_another(at: int, character: str) -> None:
    other = SIGNED[:at] + character + SIGNED[at + 1 :]
    if other == SIGNED:
        return
    try:
        _, note = parse_note(other)
        assert note.signers([KEY.verifier]) == []
    except NoteError:
        pass


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a\n1\n\n",
        CHECKPOINT.text,
        SIGNED.removesuffix("\n"),
        SIGNED.replace("812", "0812"),
        SIGNED.replace("812", "-1"),
        SIGNED.replace("812", "9" * 30),
        SIGNED.replace("—", "-"),
        SIGNED.replace("\n", "\r\n"),
        SIGNED + "\n",
        SIGNED * 600,
    ],
)
def test_what_is_no_signed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_note(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b+c",
        EXAMPLE_KEY.replace("530d", "530e"),
        EXAMPLE_KEY.replace("foo", "fo o"),
        EXAMPLE_KEY[:-4],
        EXAMPLE_KEY.replace("Aeky", "Beky"),
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        VerifierKey.parse(text)
    with pytest.raises(NoteError):
        SignerKey.parse(text)
    with pytest.raises(NoteError):
        SignerKey.parse(f"PRIVATE+KEY+{text}")


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\u2003b", "a\u202eb", "a\x00"])
def test_a_key_has_a_name_without_white_space_and_plus(name: str) -> None:
    with pytest.raises(NoteError):
        SignerKey.generate(name)


PATHS = {
    "tile/0/000": Tile(0, 0),
    "tile/63/999.p/1": Tile(63, 999, 1),
    "tile/1/x001/x234/067.p/255": Tile(1, 1234067, 255),
    "tile/entries/x001/000": Tile(None, 1000),
}


@pytest.mark.parametrize("path", PATHS)
def test_tiles_have_the_paths_of_the_specification(path: str) -> None:
    assert Tile.parse(path) == PATHS[path]
    assert PATHS[path].path == path


@pytest.mark.parametrize(
    "path",
    [
        *("", "tile", "tile/0", "tile/0/0", "tile/0/0000", "tile/00/000", "tile/64/000"),
        *("tile/-1/000", "tile/0/x000/001", "tile/0/001/001", "tile/0/x001", "tile/0/000.p/0"),
        *(
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/\u0660\u0660\u0660",
            "/tile/0/000",
            "tile/0/000/",
        ),
        *("tile/entries", "tile/Entries/000", "tile/0/000\n", "tile/99/000"),
    ],
)
def test_what_is_no_path_of_a_tile_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not the path"):
        Tile.parse(path)
