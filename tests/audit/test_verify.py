"""An auditor checks a bundle with one file, and is told the first position that is wrong."""

import json
import os
import shutil
import subprocess
import sys
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pymerkle
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import verify
from audit.bundles.contents import Subject
from audit.bundles.history_proofs import history_proof
from audit.tlog.timestamps import stamp
from tests.audit import logs, senders_story, whole_story
from tests.audit.bundle_writer import (
    Line,
    Log,
    Signer,
    line,
    lines,
    path_of,
    put,
    root_of,
    with_state,
    write_files,
)
from tests.harness.answering import answering
from tests.harness.effort import effort
from tests.harness.stamping import StampingAuthority, as_response
from tests.projections.world import World

MANY = 600
"""Two whole tiles and a partial one."""
ROOM = Path(verify.__file__)


@dataclass
class Answer:
    """What the command answered."""

    status: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        return json.loads(self.out)


Check = Callable[..., Answer]


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """Run the command in this process."""

    def run(*arguments: object) -> Answer:
        status = verify.main([str(each) for each in arguments])
        return Answer(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def log() -> Log:
    return Log(lines(MANY))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    """Give the events of a ledger that several senders have sent to."""
    return senders_story.tell(tmp_path_factory.mktemp("story") / "ledger.db")


def edited(folder: Path, name: str, edit: Callable[[Any], Any]) -> None:
    """Edit a JSON file of a bundle."""
    put(folder / name, json.dumps(edit(json.loads((folder / name).read_bytes()))).encode())


def rewritten(folder: Path, edit: Callable[[list[Line]], Any]) -> None:
    """Edit the events of a bundle, and what bundle.json says of them, as who tampers would."""
    [file] = (folder / "events").iterdir()
    events = [json.loads(each) for each in file.read_bytes().splitlines()]
    edit(events)
    [about] = write_files(folder, events, each_of=10**9)
    edited(folder, "bundle.json", lambda said: {**said, "files": [about], "count": len(events)})


# ---- What is right ----


def test_a_bundle_of_all_events_is_complete_and_unaltered(
    check: Check, log: Log, tmp_path: Path
) -> None:
    log.write(tmp_path, saved=[1, 2, 255, 256, 257, 599, 600])

    answer = check(tmp_path)

    assert (answer.status, answer.err) == (0, "")
    assert "600 events, positions 1 to 600: nothing is wrong" in answer.out
    assert "no position is missing" in answer.out
    assert (
        "7 of 7 checkpoints compared, and they agree; 0 are signed by no key that is known"
        in answer.out
    )
    assert log.signer.vkey in answer.out
    assert "NOT TRUSTED YET" in answer.out


@pytest.mark.parametrize(
    ("first", "last"), [(1, 1), (256, 257), (257, 512), (300, 600), (600, 600)]
)
def test_a_range_is_checked_with_the_tiles_that_lead_to_the_root(
    check: Check, log: Log, tmp_path: Path, first: int, last: int
) -> None:
    log.write(tmp_path, first=first, last=last)
    answer = check(tmp_path, "--json")
    assert (answer.status, answer.err) == (0, "")
    assert [answer.report[name] for name in ("ok", "from", "to")] == [True, first, last]


def test_events_of_some_streams_are_checked_by_their_proofs(
    check: Check, log: Log, tmp_path: Path
) -> None:
    chosen = list(range(1, MANY + 1, 7))
    log.write(tmp_path / "bundle", chosen=chosen, subject={"kind": "kit", "id": "K0"})
    put(tmp_path / "proof", json.dumps(log.proof(chosen)).encode())
    for each in ("bundle", "proof"):
        answer = check(tmp_path / each)
        assert (answer.status, answer.err) == (0, "")
        assert f"{len(chosen)} events, positions 1 to {chosen[-1]}" in answer.out
        assert "some events; what is not here is not known" in answer.out


def test_a_bundle_has_a_file_for_every_4096_positions(check: Check, tmp_path: Path) -> None:
    Log(lines(4100)).write(tmp_path, first=4000)
    assert len(list((tmp_path / "events").iterdir())) == 2
    assert check(tmp_path).status == 0


def test_names_that_are_not_ascii_are_in_the_entry_as_escapes(check: Check, tmp_path: Path) -> None:
    odd = line(1, 'delivery/lab/=Grüße "🧪" \\', 1, "Kit.Observed", b"\x80")
    assert check(Log([odd]).write(tmp_path)).status == 0


@pytest.mark.parametrize("seal", [zlib.compress, lambda state: b"\xc1" + state])
def test_compressed_and_encrypted_states_are_hashed_but_not_read(
    check: Check, story: list[Line], tmp_path: Path, seal: Callable[[bytes], bytes]
) -> None:
    sealed = [
        {**each, "state": b64encode(seal(b64decode(each["state"]))).decode()} for each in story
    ]
    put(tmp_path / "keys.json", json.dumps({"lab": [senders_story.SECRETS["lab"]]}).encode())
    answer = check(Log(sealed).write(tmp_path / "bundle"), "--keys", tmp_path / "keys.json")
    assert answer.status == 0
    assert "7 of lab: not checked: compressed or encrypted" in answer.out


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[logs.Log]:
    """Give a ledger of many kinds of events, with two checkpoints, as it exports itself."""
    folder = tmp_path_factory.mktemp("exporter")
    world = World(f"sqlite:///{folder}/ledger.db")
    made = logs.Log(f"sqlite:///{folder}/ledger.db", folder, world.ledger)
    made.sign()
    whole_story.tell(world)
    made.sign()
    yield made
    made.storage.close()
    world.close()


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "no position is missing"),
        ({"first": 5, "last": 20}, "no position is missing"),
        ({"subjects": (Subject("kit", "A"),)}, "some events; what is not here is not known"),
        ({"subjects": (Subject("group", "1/1"), Subject("kit", "B"))}, "from its first version on"),
    ],
)
def test_what_a_ledger_exports_is_right(
    check: Check, exporter: logs.Log, tmp_path: Path, form: str, wanted: Any, found: str
) -> None:
    exporter.export(tmp_path / "bundle", form, **wanted)
    answer = check(tmp_path / "bundle")
    assert (answer.status, answer.err) == (0, "")
    assert found in answer.out


@pytest.mark.parametrize("stream", ["kit/A", "kit/B", "report/2", "transparency-log/ledger"])
def test_the_proof_of_a_history_is_right(
    check: Check, exporter: logs.Log, tmp_path: Path, stream: str
) -> None:
    made = history_proof(exporter.ledger, exporter.storage, stream, exporter.head)
    assert made is not None
    put(tmp_path / "proof.json", made.encode())
    answer = check(tmp_path / "proof.json")
    assert (answer.status, answer.err) == (0, "")
    assert f"{len(made.events)} events, positions 1 to" in answer.out


def test_parquet_that_was_altered_is_not_what_was_exported(
    check: Check, exporter: logs.Log, tmp_path: Path
) -> None:
    exporter.export(tmp_path, "parquet")
    file = tmp_path / "events/000000001.parquet"
    whole = file.read_bytes()
    for altered in (b"", whole[:-1], whole + b"0", whole[: len(whole) // 2]):
        file.write_bytes(altered)
        answer = check(tmp_path)
        assert (answer.status, answer.out) == (1, "")
        assert answer.err.startswith("position 1: ")


# ---- Agreement with an oracle ----


def test_roots_and_inclusion_proofs_of_every_size_agree_with_pymerkle() -> None:
    tree, hashes = pymerkle.InmemoryTree(algorithm="sha256"), []
    for size in range(301):
        root = tree.get_root(size)
        assert verify.root_hash(hashes) == root
        for index in range(size):
            _, *path = (bytes.fromhex(each) for each in proof_of(tree, index, size))
            assert verify.proven_root(index, size, hashes[index], path) == root
        tree.append_entry(b"%d" % size)
        hashes.append(verify.leaf_hash(b"%d" % size))


def proof_of(tree: Any, index: int, size: int) -> list[str]:
    path: list[str] = tree.prove_inclusion(index + 1, size).serialize()["path"]
    return path


def test_tiles_give_the_root_that_the_tree_had_at_every_size(log: Log, tmp_path: Path) -> None:
    log.write(tmp_path)
    tiles = verify.Tiles(tmp_path, MANY, root_of(log.leaves))
    for size in range(MANY + 1):
        assert tiles.root(size) == root_of(log.leaves[:size])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 255, 256, 257])
def test_a_proof_of_another_length_order_or_size_is_refused(log: Log, size: int) -> None:
    leaves = log.leaves[:size]
    root, index = root_of(leaves), size // 2
    path = path_of(index, leaves)
    wrong = [
        (index, size, [*path, leaves[0]]),
        (index, size, [leaves[0], *path]),
        (index, size, [bytes(32)] * 200),
        *((index, size, path[:cut]) for cut in range(len(path))),
        *((at, size, path) for at in {0, size - 1} - {index}),
        (index, 2**62, path),
    ]
    if path != path[::-1]:
        wrong.append((index, size, path[::-1]))
    for at, of, hashes in wrong:
        assert proven(at, of, leaves[index], hashes) != root


def proven(index: int, size: int, hashed: bytes, path: list[bytes]) -> bytes | None:
    try:
        return verify.proven_root(index, size, hashed, path)
    except ValueError:
        return None


# ---- What is wrong ----

Edit = Callable[[list[Line]], Any]


def swapped(events: list[Line]) -> None:
    events[99]["position"], events[100]["position"] = 101, 100
    events[99:101] = events[100], events[99]


def inserted(events: list[Line]) -> None:
    for each in events[99:]:
        each["position"] += 1
    events.insert(99, {**events[98], "position": 100})


def removed_and_closed(events: list[Line]) -> None:
    del events[99]
    for each in events[99:]:
        each["position"] -= 1


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda events: events[99].update(state="AAAA"), "position 100: its hash does not lead"),
        (lambda events: events[99].update(recorded_at=7), "position 100: its hash does not lead"),
        (lambda events: events[99].update(stream="kit/X"), "position 100: its hash does not lead"),
        (lambda events: events[99].update(topic="Kit.X"), "position 100: its hash does not lead"),
        (lambda events: events[99].update(version=3), "position 100: its hash does not lead"),
        (lambda events: events.pop(99), "position 100: the event is missing"),
        (removed_and_closed, "position 100: its hash does not lead"),
        (swapped, "position 100: its hash does not lead"),
        (inserted, "position 100: its hash does not lead"),
        (lambda events: events.pop(), "position 600: the event is missing"),
        (lambda events: events.pop(0), "position 1: the event is missing"),
        (
            lambda events: events.append(events[-1]),
            "position 601: position 600 does not belong here",
        ),
        (
            lambda events: events[99].update(by="client/9"),
            "position 100: its line has another cause",
        ),
        (lambda events: events[99].update(has_reason=True), "position 100: its line has a reason"),
        (
            lambda events: events[99].update(organization=7),
            "position 100: its line has another org",
        ),
        (lambda events: events[99].update(delivery={"body": "x"}), "position 100: the body of the"),
        (
            lambda events: events[99].update(comment="fine"),
            "position 100: its line lacks something",
        ),
        (lambda events: events[99].update(position=True), "position 100: its line has something"),
        (lambda events: events[99].update(version=2**63), "position 100: its line has a number"),
        (lambda events: events[99].update(stream="\ud800"), "position 100: "),
        (lambda events: events[99].update(state="?"), "position 100: "),
    ],
)
def test_the_first_position_that_was_tampered_with_is_named(
    check: Check, log: Log, tmp_path: Path, edit: Edit, problem: str
) -> None:
    rewritten(log.write(tmp_path), edit)
    answer = check(tmp_path)
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith(problem)
    assert answer.err.count("\n") == 1
    told = check(tmp_path, "--json").report
    assert told["ok"] is False
    assert answer.err == f"position {told['position']}: {told['problem']}\n"


def test_tiles_that_were_altered_with_the_events_do_not_lead_to_the_root(
    check: Check, log: Log, tmp_path: Path
) -> None:
    log.write(tmp_path / "right")
    forged = Log(
        [*log.lines[:299], {**log.lines[299], "state": "AAAA"}, *log.lines[300:]], log.signer
    )
    forged.write(tmp_path / "forged")
    shutil.copy(tmp_path / "right/checkpoint", tmp_path / "forged/checkpoint")
    assert "do not give the checkpoint's root" in check(tmp_path / "forged").err

    # With the tiles above as they were, the one over the positions 257 to 512 is found.
    for each in ("tile/1/000.p/2", "tile/0/002.p/88"):
        shutil.copy(tmp_path / "right" / each, tmp_path / "forged" / each)
    found = "position 257: tile/0/001 is not a tile of this tree\n"
    assert check(tmp_path / "forged").err == found


def test_a_saved_checkpoint_that_disagrees_names_where_the_log_was_rewritten(
    check: Check, log: Log, tmp_path: Path
) -> None:
    log.write(tmp_path, saved=[100, 400])
    other = Log(lines(MANY)[:200] + log.lines[100:300], log.signer)
    other.lines[150] = {**other.lines[150], "state": "AAAA"}
    put(tmp_path / "checkpoints/200", other.note(200).encode())
    told = check(tmp_path)
    assert told.status == 1
    assert told.err == (
        "position 101: from here to 200 the events do not agree with checkpoints/200\n"
    )


def test_a_checkpoint_beyond_the_range_is_counted_and_not_compared(
    check: Check, log: Log, tmp_path: Path
) -> None:
    log.write(tmp_path, first=100, last=300, saved=[50, 99, 100, 300, 301, MANY])
    assert "3 of 6 checkpoints compared, and they agree" in check(tmp_path).out


def test_the_checkpoint_of_a_selection_is_saved_as_it_is(
    check: Check, log: Log, tmp_path: Path
) -> None:
    log.write(tmp_path, chosen=[1, 8], saved=[300, MANY])
    assert "1 of 2 checkpoints compared, and they agree" in check(tmp_path).out
    put(tmp_path / f"checkpoints/{MANY}", log.note(300).encode())
    found = f"position 1: from here to {MANY} the events do not agree with checkpoints/{MANY}\n"
    assert check(tmp_path).err == found


@pytest.mark.parametrize(
    ("name", "edit", "problem"),
    [
        (
            "checkpoint",
            lambda data: data.replace(b"600\n", b"601\n"),
            "the signature of lab.example",
        ),
        ("checkpoint", lambda data: b"", "checkpoint is not a signed checkpoint"),
        ("checkpoint", lambda data: data[:-20], "checkpoint is not a signed checkpoint"),
        ("keys", lambda data: b"", "checkpoint is not signed by a key that keys has of"),
        ("keys", lambda data: b"x" + data, "the key has an id that is not its own"),
        ("bundle.json", lambda data: b"[]", "bundle.json is neither of a bundle nor a proof"),
        ("bundle.json", lambda data: data[:-1], "bundle.json is not JSON"),
        ("bundle.json", lambda data: b'{"to": 1,' + data[1:], "bundle.json is not JSON"),
        ("bundle.json", lambda data: data.replace(b"events/", b"../../"), "position 1: ../../"),
        (
            "bundle.json",
            lambda data: data.replace(b'e/1"', b'e/2"'),
            "bundle.json is not in the format",
        ),
        (
            "bundle.json",
            lambda data: data.replace(b'"to": 600', b'"to": 601', 1),
            "1 to 601 are not",
        ),
        (
            "bundle.json",
            lambda data: data.replace(b'"count": 600', b'"count": 1'),
            "position 601: 1 events",
        ),
        ("events/000000001.jsonl", lambda data: data + b" ", "position 601: its line is not JSON"),
        (
            "events/000000001.jsonl",
            lambda data: data.replace(b", ", b",", 1),
            "position 1: events/0",
        ),
        ("events/000000001.jsonl", lambda data: b"[" * 10**5, "position 1: its line is not JSON"),
        ("tile/0/001", lambda data: data[:-1], "position 257: tile/0/001 does not have 256 hashes"),
        (
            "tile/0/000",
            lambda data: data[::-1],
            "position 1: tile/0/000 is not a tile of this tree",
        ),
        ("tile/1/000.p/2", lambda data: data[::-1], "the tiles at the end of the tree do not give"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_a_line(
    check: Check, log: Log, tmp_path: Path, name: str, edit: Callable[[bytes], bytes], problem: str
) -> None:
    log.write(tmp_path)
    put(tmp_path / name, edit((tmp_path / name).read_bytes()))
    answer = check(tmp_path)
    assert answer.status == 1
    assert answer.err.startswith(problem)
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    "name",
    ["checkpoint", "keys", "bundle.json", "events/000000001.jsonl", "tile/0/000", "tile/1/000.p/2"],
)
def test_a_file_that_is_missing_or_is_no_file_is_named(
    check: Check, log: Log, tmp_path: Path, name: str
) -> None:
    (log.write(tmp_path) / name).unlink()
    assert f"{name} is missing" in check(tmp_path).err
    os.mkfifo(tmp_path / name)
    assert f"{name} is missing" in check(tmp_path).err


def test_a_proof_of_another_event_or_beyond_the_checkpoint_is_refused(
    check: Check, log: Log, tmp_path: Path
) -> None:
    for edit, problem in [
        (
            lambda events: events[1].update(proof=events[0]["proof"]),
            "position 8: its hash does not",
        ),
        (lambda events: events[1].pop("proof"), "position 8: its proof has the wrong length"),
        (lambda events: events[1].update(proof=[7]), "position 8: "),
        (
            lambda events: events[1].update(position=MANY + 1),
            "position 601: it is beyond the check",
        ),
        (
            lambda events: events.pop(1),
            "position 15: it is version 3 of kit/K0, and the one before is 1",
        ),
        (
            lambda events: events.pop(0),
            "position 8: it is version 2 of kit/K0, and the one before is 0",
        ),
        (lambda events: events.reverse(), "position 15: it is version 3 of kit/K0"),
        (lambda events: events.clear(), "position 1: 0 events should be here, and 0 are"),
        (lambda events: events.append("x"), "position 16: its line lacks something"),
    ]:
        proof = log.proof([1, 8, 15])
        edit(proof["events"])
        put(tmp_path / "proof", json.dumps(proof).encode())
        answer = check(tmp_path / "proof")
        assert (answer.status, answer.out) == (1, "")
        assert answer.err.startswith(problem)


# ---- By whom it is signed ----


def test_the_example_of_the_specification_of_notes_is_verified() -> None:
    key = verify.Key.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    name, text = "example.com/foo", "This is an example message.\n"
    signed = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    raw = b64decode(signed)
    note = verify.Note("note", text, [(name, raw[:4], raw[4:])], name, 0, b"")
    assert key.signed(note) == 0


WITNESSES = [Signer(f"witness.example/{each}", kind=4) for each in "abc"]


@pytest.fixture
def cosigned(log: Log, tmp_path: Path) -> Path:
    """Write a bundle that two of three witnesses have cosigned."""
    return Log(log.lines, log.signer, WITNESSES[:2]).write(tmp_path / "cosigned")


def policy(folder: Path, log: Log, *more: str) -> Path:
    """Write a policy of the log and three witnesses."""
    known = [
        f"witness {each} {key.vkey} https://w.example/"
        for each, key in zip("abc", WITNESSES, strict=True)
    ]
    text = "\n".join(
        ["# trusted", "", f"log\t{log.signer.vkey} https://lab.example/", *known, *more]
    )
    put(folder / "policy", f"{text}\n".encode())
    return folder / "policy"


@pytest.mark.parametrize(
    ("lines", "reached"),
    [
        (["quorum none"], True),
        (["quorum a"], True),
        (["quorum c"], False),
        (["group g any b c", "quorum g"], True),
        (["group g all a c", "quorum g"], False),
        (["group g 2 a b c", "quorum g"], True),
        (["group g 3 a b c", "quorum g"], False),
        (["group g any a c", "group h all g b", "quorum h"], True),
    ],
)
def test_a_policy_says_whether_those_who_cosigned_suffice(
    check: Check, log: Log, cosigned: Path, tmp_path: Path, lines: list[str], reached: bool
) -> None:
    answer = check(cosigned, "--policy", policy(tmp_path, log, *lines))
    if reached:
        assert answer.status == 0
        assert "cosigned by a, 2026-01-06 11:46:40" in answer.out
        assert "NOT TRUSTED" not in answer.out
    else:
        assert (answer.status, answer.out) == (1, "")
        assert answer.err == "checkpoint is not cosigned by a quorum of the policy's witnesses\n"


def test_cosignatures_of_unknown_keys_are_named_and_not_believed(
    check: Check, cosigned: Path
) -> None:
    assert "not checked: witness.example/b, whose key is not known" in check(cosigned).out


def test_a_checkpoint_of_another_key_than_the_policys_is_refused(
    check: Check, log: Log, tmp_path: Path
) -> None:
    for other in (Signer(log.signer.name), Signer("other.example/log")):
        forged = Log(log.lines, other).write(tmp_path / other.name)
        answer = check(forged, "--policy", policy(tmp_path, log, "quorum none"))
        assert answer.err.startswith("checkpoint is not signed by a key that the policy has of")


def test_a_false_cosignature_of_a_known_witness_is_refused(
    check: Check, log: Log, cosigned: Path, tmp_path: Path
) -> None:
    text, signatures = (cosigned / "checkpoint").read_text().split("\n\n")
    own, one, _ = signatures.splitlines()
    name, encoded = one.removeprefix("— ").split(" ")
    raw = bytearray(b64decode(encoded))
    raw[11] ^= 1
    false = f"— {name} {b64encode(bytes(raw)).decode()}"
    put(cosigned / "checkpoint", f"{text}\n\n{own}\n{false}\n".encode())
    answer = check(cosigned, "--policy", policy(tmp_path, log, "quorum none"))
    assert answer.err == "the signature of witness.example/a on checkpoint does not hold\n"


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["quorum nobody"],
        ["quorum a", "quorum a"],
        ["group g any nobody", "quorum g"],
        ["group g 4 a b c", "quorum g"],
        ["group g 0 a b c", "quorum g"],
        ["group g any", "quorum g"],
        ["group g all a a", "quorum g"],
        ["group none any a", "quorum none"],
        ["group g any none", "quorum g"],
        ["group g any a", "group h any a", "quorum h"],
        [f"witness d {WITNESSES[0].vkey}", "quorum d"],
        [f"witness a {Signer('d', kind=4).vkey}", "quorum a"],
        [f"log {WITNESSES[0].vkey[:-4]}", "quorum a"],
        ["log", "quorum a"],
        ["trust everybody", "quorum a"],
    ],
)
def test_a_policy_that_can_t_be_one_is_wrong_usage(
    check: Check, log: Log, cosigned: Path, tmp_path: Path, lines: list[str]
) -> None:
    answer = check(cosigned, "--policy", policy(tmp_path, log, *lines))
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith(f"kitledger-verify: {tmp_path / 'policy'}: ")
    assert answer.err.count("\n") == 1


def test_an_older_checkpoint_by_a_retired_key_agrees_and_is_counted(
    check: Check, log: Log, tmp_path: Path
) -> None:
    log.write(tmp_path)
    put(tmp_path / "checkpoints/5", Log(log.lines).note(5).encode())
    assert (
        "1 of 1 checkpoints compared, and they agree; 1 are signed by no key that is known"
        in check(tmp_path).out
    )


# ---- Which deliveries' signatures hold ----


def keyed(folder: Path, **keys: list[str]) -> Path:
    """Write a file of senders' keys."""
    put(folder / "keys.json", json.dumps(keys).encode())
    return folder / "keys.json"


ALL = {
    **{name: [secret] for name, secret in senders_story.SECRETS.items()},
    "press": [senders_story.PUBLIC],
}


def test_without_keys_no_signature_of_a_sender_is_checked(
    check: Check, story: list[Line], tmp_path: Path
) -> None:
    told = check(Log(story).write(tmp_path), "--json").report["senders"]
    assert told == {
        "lab": {"not checked: no key was given": 7},
        "shop": {"not checked: no key was given": 1},
        "code": {"not checked: no key was given": 2},
        "press": {"not checked: no key was given": 1},
    }


def test_with_their_keys_every_form_of_signature_holds(
    check: Check, story: list[Line], tmp_path: Path
) -> None:
    both = {**ALL, "lab": [*ALL["lab"], senders_story.ROTATED]}
    answer = check(Log(story).write(tmp_path / "b"), "--keys", keyed(tmp_path, **both), "--json")
    held = "the signature holds"
    assert answer.report["senders"] == {
        "lab": {held: 7},
        "shop": {held: 1},
        "code": {held: 2},
        "press": {held: 1},
    }


def test_a_delivery_by_a_key_that_was_not_given_is_not_checked(
    check: Check, story: list[Line], tmp_path: Path
) -> None:
    answer = check(Log(story).write(tmp_path / "b"), "--keys", keyed(tmp_path, **ALL))
    assert answer.status == 0
    assert "6 of lab: the signature holds" in answer.out
    assert "1 of lab: not checked: key_" in answer.out


def fields(made: Line) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.msgpack.decode(b64decode(made["state"]))
    return found


def first(story: list[Line], topic: str, source: str = "lab") -> int:
    """Return the index of the first event with a topic of a source."""
    return next(
        at
        for at, each in enumerate(story)
        if each["topic"] == topic and f"/{source}" in each["stream"]
    )


@pytest.mark.parametrize(
    ("topic", "source", "forged", "problem"),
    [
        ("Delivery.Recorded", "lab", {"body": b"{}"}, "its signature by key_"),
        ("Delivery.Recorded", "lab", {"webhook_id": "msg_0"}, "its signature by key_"),
        ("Delivery.Recorded", "lab", {"webhook_timestamp": "1"}, "its signature by key_"),
        ("Delivery.Recorded", "lab", {"signature": "v1,"}, "its signature by key_"),
        ("Delivery.Recorded", "shop", {"body": b"{}"}, "its signature by key_"),
        ("Delivery.Recorded", "code", {"body": b"{}"}, "its signature by key_"),
        ("Delivery.Recorded", "press", {"body": b"{}"}, "its signature by key_"),
        ("Batch.Received", "lab", {"body": b"[]"}, "its signature by key_"),
        ("Quarantine.Held", "lab", {"batch": None}, "its signature by key_"),
        ("Delivery.Recorded", "lab", {"key_id": "key_0"}, None),
        (
            "Delivery.Recorded",
            "lab",
            {"source": "shop"},
            "its state is not that of a delivery of its",
        ),
        (
            "Delivery.Recorded",
            "lab",
            {"body": "text"},
            "its state is not that of a delivery of its",
        ),
        ("Delivery.Recorded", "lab", {"batch": "batch/lab/0"}, "it is not in the array"),
        ("Quarantine.Held", "lab", {"body": b'{"id": 5}'}, "it is not in the array"),
    ],
)
def test_what_a_sender_did_not_sign_is_found_in_a_log_that_is_right(
    check: Check,
    story: list[Line],
    tmp_path: Path,
    topic: str,
    source: str,
    forged: dict[str, Any],
    problem: str | None,
) -> None:
    at = first(story, topic, source)
    made = with_state(story[at], **{**fields(story[at]), **forged})
    written = Log([*story[:at], made, *story[at + 1 :]]).write(tmp_path / "b")
    answer = check(written, "--keys", keyed(tmp_path, **ALL))
    if problem is None:
        assert answer.status == 0
    else:
        assert answer.status == 1
        assert answer.err.startswith(f"position {at + 1}: {problem}")


def test_an_envelope_is_not_checked_without_its_array_or_its_sources_settings(
    check: Check, story: list[Line], tmp_path: Path
) -> None:
    array = first(story, "Batch.Received")
    written = Log(story).write(tmp_path / "b", first=array + 2)
    told = check(written, "--keys", keyed(tmp_path, **ALL), "--json").report["senders"]
    assert told["lab"].pop("not checked: its array is not here") == 3
    [unknown] = told["shop"]
    assert "how the source signs is not in the bundle" in unknown


def test_the_readable_delivery_of_a_line_is_that_of_its_state(
    check: Check, story: list[Line], tmp_path: Path
) -> None:
    def readable(made: Line) -> Line:
        said = fields(made)
        names = ("source", "key_id", "webhook_id", "webhook_timestamp", "signature")
        body = {"body_base64": b64encode(said["body"]).decode()} if said["batch"] else {}
        return {name: said[name] for name in names} | (body or {"body": said["body"].decode()})

    told = [
        {**each, "delivery": readable({**each})} if each["topic"] in verify.RECEIPTS else each
        for each in ({**each} for each in story)
    ]
    Log(told).write(tmp_path)
    assert check(tmp_path).status == 0
    at = first(story, "Delivery.Recorded")
    rewritten(tmp_path, lambda events: events[at]["delivery"].update(signature="v1,other"))
    problem = "the signature of the delivery in its line is not that of its state"
    assert check(tmp_path).err == f"position {at + 1}: {problem}\n"


# ---- Time stamps ----


def test_openssl_checks_a_time_stamp_by_the_command_that_is_printed(
    check: Check, log: Log, tmp_path: Path
) -> None:
    bundle = Log(log.lines, log.signer, WITNESSES).write(tmp_path / "b", saved=[300, 600])
    authority = StampingAuthority(tmp_path)
    with answering(authority) as url:
        token = stamp(url, log.note(300).encode())
    for stamped, form in ((token, "-token_in -in"), (as_response(token), " -in")):
        put(bundle / "checkpoints/300.tsr", stamped)
        [printed] = [each for each in check(bundle).out.splitlines() if "openssl" in each]
        assert "1 time stamps; check the newest by openssl ts -verify" in printed
        assert form in printed
        command = printed.partition("openssl ")[2].replace("CA.pem", str(authority.certificate))
        done = subprocess.run(
            ["openssl", *command.split()], cwd=bundle, capture_output=True, text=True, check=False
        )
        assert "Verification: OK" in done.stdout + done.stderr
    put(bundle / "checkpoints/600.tsr", token)
    found = "checkpoints/600.tsr is not a time stamp of checkpoints/600\n"
    assert check(bundle).err == found


# ---- Hostile files ----


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, story: list[Line]) -> Path:
    """Write a bundle that is altered again and again."""
    return Log(story).write(tmp_path_factory.mktemp("small"), saved=[3, 20])


SETTINGS = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=effort(60, 600)
)
FREE = {"index.html"}
"""No hash leads to what is in these."""


@SETTINGS
@given(data=st.data())
def test_any_byte_that_is_changed_is_found_or_says_nothing(
    check: Check, small: Path, data: st.DataObject
) -> None:
    files = sorted(each for each in small.rglob("*") if each.is_file() and each.name not in FREE)
    file = data.draw(st.sampled_from(files))
    before = file.read_bytes()
    at = data.draw(st.integers(0, len(before) - 1))
    changed = bytearray(before)
    changed[at] ^= data.draw(st.integers(1, 255))
    file.write_bytes(changed)
    try:
        answer = check(small, "--json")
    finally:
        file.write_bytes(before)
    if file.name == "bundle.json" or answer.status == 0:
        assert file.name in {"bundle.json", "checkpoint", "keys", "3", "20"}
    else:
        assert (answer.status, answer.report["ok"]) == (1, False)


@SETTINGS
@given(data=st.data())
def test_whatever_a_file_holds_there_is_an_answer(
    check: Check, small: Path, data: st.DataObject
) -> None:
    files = sorted(each for each in small.rglob("*") if each.is_file())
    file = data.draw(st.sampled_from(files))
    before = file.read_bytes()
    simple = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    values = st.recursive(simple, lambda some: st.lists(some) | st.dictionaries(st.text(), some))
    file.write_bytes(
        data.draw(st.binary(max_size=300) | values.map(lambda some: json.dumps(some).encode()))
    )
    try:
        answers = check(small, "--json"), check(file, "--json")
        options = check(small, "--policy", file), check(small, "--keys", file)
    finally:
        file.write_bytes(before)
    assert {each.status for each in answers} <= {0, 1}
    assert {each.status for each in options} <= {0, 1, 2}
    assert answers[0].status == 1 or file.name in FREE


@SETTINGS
@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**64 - 1)
        | st.floats()
        | st.text()
        | st.binary(),
        lambda some: st.lists(some, max_size=20) | st.dictionaries(st.text(), some, max_size=20),
    )
)
def test_states_are_decoded_as_msgspec_has_encoded_them(value: Any) -> None:
    decoded = verify.MessagePack(msgspec.msgpack.encode(value)).value
    assert repr(decoded) == repr(value)


@pytest.mark.parametrize("size", [15, 16, 31, 32, 255, 256, 65535, 65536])
def test_each_length_of_text_bytes_and_lists_is_decoded(size: int) -> None:
    for value in ("x" * size, b"x" * size, [None] * size, {str(at): at for at in range(size)}):
        assert verify.MessagePack(msgspec.msgpack.encode(value)).value == value
    extension = msgspec.msgpack.Ext(-3, b"x" * size)
    assert verify.MessagePack(msgspec.msgpack.encode(extension)).value == (-3, b"x" * size)


@SETTINGS
@given(data=st.binary(max_size=40))
def test_any_bytes_are_decoded_as_by_msgspec_or_refused(data: bytes) -> None:
    try:
        here = verify.MessagePack(data).value
    except ValueError:
        return
    # Times are extensions here, and only here may be what no time can be.
    if "(-1, b" not in repr(here):
        assert repr(here) == repr(plain(msgspec.msgpack.decode(data)))


def plain(value: Any) -> Any:
    """Return a value of msgspec's as the verifier has it."""
    if isinstance(value, msgspec.msgpack.Ext):
        return value.code, bytes(value.data)
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items()}
    return value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x91" * 10**5,
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\x82\x01\x01\x01\x01",
        b"\x81\x90\x01",
        b"\xa1\xff",
        b"\xc0\xc0",
    ],
)
def test_hostile_messagepack_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"value|key|utf-8"):
        verify.MessagePack(data)


# ---- The command ----


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nowhere"], "nowhere does not exist"),
        ([".", "--policy", "nowhere"], "nowhere: No such file or directory"),
        ([".", "--keys", "nowhere"], "nowhere: No such file or directory"),
    ],
)
def test_what_can_t_be_done_is_wrong_usage(
    check: Check,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = check(*arguments)
    assert (answer.status, answer.out, answer.err) == (2, "", f"kitledger-verify: {problem}\n")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"lab": "whsec_"}', '{"lab": [1]}', '{"lab": [], "lab": []}']
)
def test_keys_that_can_t_be_read_are_wrong_usage(
    check: Check, log: Log, tmp_path: Path, text: str
) -> None:
    put(tmp_path / "keys.json", text.encode())
    assert check(log.write(tmp_path / "b"), "--keys", tmp_path / "keys.json").status == 2


def test_parquet_without_pyarrow_says_what_to_install(
    check: Check, log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write(tmp_path)
    (tmp_path / "events/000000001.jsonl").rename(tmp_path / "events/000000001.parquet")
    text = (tmp_path / "bundle.json").read_text().replace("001.jsonl", "001.parquet")
    put(tmp_path / "bundle.json", text.encode())
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = check(tmp_path)
    assert (answer.status, answer.out) == (2, "")
    assert "pip install pyarrow" in answer.err


def test_control_characters_are_shown_as_escapes(check: Check, tmp_path: Path) -> None:
    events = [
        line(1, "kit/\x1b[2J", 1, "Kit.Observed", b"\x80"),
        line(2, "kit/\x1b[2J", 3, "Kit.X", b"\x80"),
    ]
    answer = check(Log(events).write(tmp_path))
    assert answer.err == "position 2: it is version 3 of kit/\\x1b[2J, and the one before is 1\n"


def test_the_file_needs_cryptography_and_nothing_else(log: Log, tmp_path: Path) -> None:
    """Run it as a script with nothing on its path but the packages that cryptography consists of."""
    installed = Path(pytest.__file__).parents[1]
    alone = tmp_path / "packages"
    alone.mkdir()
    for pattern in ("cryptography", "cffi", "_cffi_backend*", "pycparser"):
        for each in installed.glob(pattern):
            (alone / each.name).symlink_to(each)
    copy = shutil.copy(ROOM, tmp_path / "alone.py")
    bundle = log.write(tmp_path / "bundle", saved=[300])
    start = (
        f"import sys, runpy; sys.path.append({str(alone)!r});"
        f"runpy.run_path({str(copy)!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", start, str(bundle)],
        capture_output=True,
        check=False,
        text=True,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing is wrong" in done.stdout


def test_a_terminal_is_shown_how_far_it_is(tmp_path: Path) -> None:
    bundle = Log(lines(1001)).write(tmp_path)
    terminal, its_end = os.openpty()
    try:
        command = [sys.executable, ROOM, bundle]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=its_end, check=True)
        shown = os.read(terminal, 1000)
    finally:
        os.close(terminal)
        os.close(its_end)
    assert shown == b"\r1,000 of 1,001 events\r"
    assert b"nothing is wrong" in done.stdout
