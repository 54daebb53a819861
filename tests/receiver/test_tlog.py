"""The transparency log as its readers see it: static files, signed checkpoints, proofs, and the commands."""

import stat
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256

import httpx
import pymerkle
import pytest

from audit.tlog.checkpoints import Checkpoint, parse_note
from audit.tlog.entries import hashed_entry
from audit.tlog.merkle import check_consistency, check_inclusion, consistency_proof, leaf_hash, root
from audit.tlog.notes import SignerKey, VerifierKey
from audit.tlog.tiles import TiledNodes
from tests.conftest import NewService
from tests.harness.service import Credentials, Service
from tests.harness.waiting import eventually

EVENTS = "SELECT position, recorded_at, originator_id, originator_version, topic, state"
EVENTS += " FROM stored_events ORDER BY position"
IMMUTABLE = "private, immutable, max-age=31536000"


def said(service: Service, *arguments: str) -> str:
    """Return what a command prints."""
    return service.here(*arguments).stdout


def key_of(service: Service) -> VerifierKey:
    """Return the verifier key, which the first call makes."""
    return VerifierKey.parse(said(service, "audit", "key").strip().splitlines()[0])


def signed(service: Service) -> Checkpoint:
    """Sign the log now, and return the checkpoint that is served."""
    key = key_of(service)
    printed = said(service, "audit", "checkpoint")
    served = service.get("/audit/tlog/checkpoint")
    assert served.text == printed
    assert served.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert served.headers["Cache-Control"] == "no-cache"
    checkpoint, note = parse_note(printed)
    assert note.signers([key]) == [key]
    return checkpoint


def tile(service: Service, path: str) -> httpx.Response:
    return service.get(f"/audit/tlog/{path}")


def test_the_served_log_is_the_tree_over_the_entries_of_all_events(
    service: Service, fresh: Callable[[], int]
) -> None:
    for _ in range(3):
        service.post_webhook({"id": fresh(), "type": "sampled", "data": {"é": "\n"}})
    checkpoint = signed(service)
    events = service.query(EVENTS)[: checkpoint.size]
    theirs = pymerkle.InmemoryTree(algorithm="sha256")
    for position, time, stream, version, topic, state in events:
        digest = sha256(bytes(state)).hexdigest()
        line = hashed_entry((position, time, stream, version, topic, digest))
        theirs.append_entry(line)
        assert digest in line.decode("ascii")
    assert theirs.get_root() == checkpoint.root
    number, width = divmod(checkpoint.size - 1, 256)
    last = f"{number:03d}.p/{width + 1}"
    hashes, bundle = tile(service, f"tile/0/{last}"), tile(service, f"tile/entries/{last}")
    assert hashes.headers["Cache-Control"] == bundle.headers["Cache-Control"] == IMMUTABLE
    assert hashes.headers["Content-Type"] == "application/octet-stream"
    assert hashes.content == b"".join(map(leaf_hash, unpacked(bundle.content)))


def unpacked(bundle: bytes) -> list[bytes]:
    """Return the entries of a bundle."""
    entries = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        entries.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return entries


def test_two_checkpoints_are_consistent_by_the_served_tiles(
    service: Service, fresh: Callable[[], int]
) -> None:
    before = signed(service)
    service.post_webhook({"id": fresh(), "type": "sampled", "data": {}})
    after = signed(service)

    def read(level: int, number: int) -> bytes:
        width = min(256, (after.size >> 8 * level) - number * 256)
        part = "" if width == 256 else f".p/{width}"
        return tile(service, f"tile/{level}/{number:03d}{part}").content

    nodes = TiledNodes(read)
    assert root(nodes, after.size) == after.root
    proof = consistency_proof(nodes, before.size, after.size)
    check_consistency(before.size, after.size, proof, before.root, after.root)


def test_the_proof_of_an_event_holds_under_the_checkpoint_in_it(
    service: Service, fresh: Callable[[], int]
) -> None:
    answer = service.post_webhook({"id": fresh(), "type": "sampled", "data": {}})
    position = answer.json()["position"]
    assert service.get(f"/api/v1/audit/proofs/{position + 10_000}").status_code == 404
    checkpoint = signed(service)
    proof = service.get(f"/api/v1/audit/proofs/{position}")
    assert proof.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert said(service, "audit", "prove", str(position)) == proof.text
    lines, _, note = proof.text.partition("\n\n")
    assert parse_note(note)[0] == checkpoint
    header, index, *hashes = lines.split("\n")
    assert (header, index) == ("c2sp.org/tlog-proof@v1", f"index {position - 1}")
    (event,) = (each for each in service.query(EVENTS) if each[0] == position)
    digest = sha256(bytes(event[5])).hexdigest()
    leaf = leaf_hash(hashed_entry((*event[:5], digest)))
    decoded = [b64decode(each) for each in hashes]
    check_inclusion(leaf, position - 1, checkpoint.size, decoded, checkpoint.root)


@pytest.mark.parametrize(
    "path",
    [
        *("tile/0/x999/999", "tile/9/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/entries"),
        *("tile/entries/x999/999.p/7", "tile", "tile/0/../../etc", "tile/0/%00", "other"),
    ],
)
def test_what_is_no_tile_of_the_log_is_answered_404(service: Service, path: str) -> None:
    answer = tile(service, path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_log_is_for_auditors_who_see_all_organizations(service: Service) -> None:
    signed(service)
    auditor = service.add_client("auditor")
    bound = service.add_client("auditor", options=("--organization", "21437"))
    reader = service.add_client("reader")
    paths = ("/audit/tlog/checkpoint", "/audit/tlog/tile/0/000.p/1", "/api/v1/audit/proofs/1")

    def statuses(client: Credentials) -> set[int]:
        return {service.get(path, auth=client).status_code for path in paths}

    assert statuses(auditor) == {200}
    assert statuses(bound) == {404}
    assert statuses(reader) == {403}
    assert {service.anonymous("GET", path).status_code for path in paths} == {401}


def test_the_keeper_signs_by_itself_while_something_came(new_service: NewService) -> None:
    service = new_service(1, CHECKPOINT_SECONDS="1").start()
    assert service.get("/audit/tlog/checkpoint").status_code == 404
    key = key_of(service)
    assert eventually(lambda: service.get("/audit/tlog/checkpoint").status_code == 200)
    assert parse_note(service.get("/audit/tlog/checkpoint").text)[1].signers([key]) == [key]
    position = service.post_webhook({"id": 1, "type": "sampled", "data": {}}).json()["position"]
    assert eventually(lambda: newest(service).size >= position)
    size = newest(service).size
    assert service.query("SELECT count(*) FROM stored_events") == [(size,)]
    service.kill()
    service.start()
    service.post_webhook({"id": 2, "type": "sampled", "data": {}})
    assert eventually(lambda: newest(service).size > size)
    assert "nothing was altered" in said(service, "audit", "verify")


def newest(service: Service) -> Checkpoint:
    return parse_note(service.get("/audit/tlog/checkpoint").text)[0]


@pytest.fixture
def apart(new_service: NewService) -> Service:
    """Give a service that does not run, with a ledger of its own."""
    return new_service(1)


def test_a_ledger_without_a_key_is_hashed_and_not_signed(apart: Service) -> None:
    refused = apart.here("audit", "checkpoint", check=False)
    assert refused.exit_code == 1
    assert "`kitledger audit key` makes one" in refused.stderr
    assert "No signed checkpoint" in said(apart, "audit", "verify")


def test_keys_are_made_rotated_and_retired_and_are_in_the_log(apart: Service) -> None:
    first = said(apart, "audit", "key", "--name", "lab.example/ledger").strip()
    file = next(apart.folder.rglob("ledger.key"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().startswith("PRIVATE+KEY+lab.example/ledger+")
    second, kept = said(apart, "audit", "key", "--rotate", "--why", "yearly").split()
    assert kept == first
    _, note = parse_note(said(apart, "audit", "checkpoint"))
    both = [VerifierKey.parse(second), VerifierKey.parse(first)]
    assert note.signers(both) == both
    retired = said(apart, "audit", "key", "--retire", first.split("+")[1])
    assert retired.split() == [second]
    told = said(apart, "history", "transparency-log", "ledger")
    assert all(event in told for event in ("KeyAdded", "KeyRetired", "yearly"))
    assert "PRIVATE" not in told
    refused = apart.here("audit", "key", "--retire", second.split("+")[1], check=False)
    assert refused.exit_code == 1
    again = apart.here("audit", "key", "--name", "other.example", check=False)
    assert again.exit_code == 2


@pytest.mark.parametrize("text", ["", "PRIVATE+KEY+a+b+c\n", "\xff", "hello\n"])
def test_a_key_file_that_holds_no_key_is_named_and_not_quoted(apart: Service, text: str) -> None:
    said(apart, "audit", "key")
    file = next(apart.folder.rglob("ledger.key"))
    file.write_bytes(text.encode("latin-1"))
    refused = apart.here("audit", "checkpoint", check=False)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
    assert "ledger.key" in refused.stderr
    assert "hello" not in refused.stderr


def test_a_key_that_others_can_read_signs_nothing(apart: Service) -> None:
    said(apart, "audit", "key")
    next(apart.folder.rglob("ledger.key")).chmod(0o644)
    refused = apart.here("audit", "checkpoint", check=False)
    assert "for its owner alone" in refused.stderr


@pytest.mark.parametrize("name", ["two words", "a+b", ""])
def test_an_origin_is_a_name_without_white_space(apart: Service, name: str) -> None:
    refused = apart.here("audit", "key", "--name", name, check=False)
    assert refused.exit_code in {1, 2} or SignerKey.parse(
        next(apart.folder.rglob("ledger.key")).read_text().strip()
    ).name.endswith("/kitledger")


def test_a_new_origin_begins_after_a_restore_with_a_reason(apart: Service) -> None:
    said(apart, "audit", "key", "--name", "lab.example/ledger")
    first = parse_note(said(apart, "audit", "checkpoint"))[0]
    kept = apart.folder / "kept"
    kept.write_text(said(apart, "audit", "checkpoint"))
    with apart.ledger() as owner:
        if owner.on_postgres:
            owner.query("ALTER TABLE stored_events DISABLE TRIGGER USER")
        else:
            owner.query("DROP TRIGGER stored_events_refuse_update")
        owner.query("UPDATE stored_events SET recorded_at = recorded_at + 1")
        owner.query("DELETE FROM tlog_tiles")
        owner.query("DELETE FROM tlog_checkpoints")
    refused = apart.here("audit", "checkpoint", check=False)
    assert refused.exit_code == 1
    assert "are not those that were signed" in refused.stderr
    assert apart.here("audit", "checkpoint", "--new-origin", check=False).exit_code == 2
    begun = parse_note(said(apart, "audit", "checkpoint", "--new-origin", "--why", "restored"))[0]
    assert (begun.origin, begun.size) == ("lab.example/ledger/2", first.size + 1)
    assert "restored" in said(apart, "history", "transparency-log", "ledger")
    assert "nothing was altered" in said(apart, "audit", "verify")
    found = apart.here("audit", "verify", "--against", str(kept), check=False)
    assert (found.exit_code, found.stdout.partition(":")[0]) == (1, f"positions 1 to {first.size}")


def test_verifying_against_a_file_needs_one_that_a_known_key_signed(apart: Service) -> None:
    said(apart, "audit", "key")
    note = said(apart, "audit", "checkpoint")
    file, policy = apart.folder / "kept", apart.folder / "policy"
    file.write_text(note)
    policy.write_text(f"log {key_of(apart)}\nquorum none\n")
    assert "as signed" in said(apart, "audit", "verify", "--against", str(file))
    with_policy = ("audit", "verify", "--against", str(file), "--policy", str(policy))
    assert "as the policy asks for" in said(apart, *with_policy)
    for text in ("", "hello", note.replace("\n", "\n\n", 1), note.replace("ledger", "other")):
        file.write_text(text)
        refused = apart.here("audit", "verify", "--against", str(file), check=False)
        assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
    policy.write_text("quorum some")
    assert apart.here(*with_policy, check=False).exit_code == 2


def test_several_processes_find_the_same_as_one(
    apart: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.tlog.hashed_blocks.BLOCK_EVENTS", 2)
    said(apart, "audit", "key")
    said(apart, "audit", "checkpoint")
    alone = said(apart, "audit", "verify")
    monkeypatch.setattr("receiver.commands.verifying.WORTH_PROCESSES", 1)
    monkeypatch.setattr("receiver.processors.processors", lambda: 2)
    assert said(apart, "audit", "verify") == alone
    with apart.ledger() as owner:
        if owner.on_postgres:
            owner.query("ALTER TABLE stored_events DISABLE TRIGGER USER")
        else:
            owner.query("DROP TRIGGER stored_events_refuse_update")
        owner.query("UPDATE stored_events SET topic = 'other' WHERE position = 3")
    found = apart.here("audit", "verify", check=False)
    assert (found.exit_code, found.stdout.partition(":")[0]) == (1, "position 3")


def test_where_the_key_file_is_not_the_keys_are_shown_and_no_other_is_made(apart: Service) -> None:
    shown = said(apart, "audit", "key", "--name", "lab.example/ledger")
    file = apart.folder / "ledger.key"
    file.rename(apart.folder / "elsewhere")
    elsewhere = apart.here("audit", "key")
    assert elsewhere.stdout == shown
    assert "nothing is signed here" in elsewhere.stderr
    for options in (("--rotate",), ("--name", "other.example/ledger")):
        refused = apart.here("audit", "key", *options, check=False)
        assert refused.exit_code == 1
        assert "move it there" in refused.stderr
    assert not file.exists()
    assert said(apart, "history", "transparency-log", "ledger", "--json").count("KeyAdded") == 1


def test_a_key_that_is_lost_is_followed_by_a_new_origin(apart: Service) -> None:
    said(apart, "audit", "key", "--name", "lab.example/ledger")
    said(apart, "audit", "checkpoint")
    (apart.folder / "ledger.key").unlink()
    begun = said(apart, "audit", "checkpoint", "--new-origin", "--why", "the key is lost")
    assert begun.startswith("lab.example/ledger/2\n")
    assert "as signed" in said(apart, "audit", "verify")


def test_what_a_checkpoint_of_before_a_restore_finds_is_not_hidden_by_the_new_origin(
    apart: Service,
) -> None:
    said(apart, "audit", "key")
    first = parse_note(said(apart, "audit", "checkpoint"))[0]
    said(apart, "clients", "add", "gone", "--role", "reader")
    kept = apart.folder / "kept"
    kept.write_text(said(apart, "audit", "checkpoint"))
    with apart.ledger() as owner:
        if owner.on_postgres:
            owner.query("ALTER TABLE stored_events DISABLE TRIGGER USER")
        else:
            owner.query("DROP TRIGGER stored_events_refuse_delete")
        owner.query("DELETE FROM stored_events WHERE position > %s", first.size)
        owner.query("DELETE FROM tlog_checkpoints WHERE size > %s", first.size)
        owner.query("DELETE FROM tlog_tiles")
        owner.query("DELETE FROM clients WHERE name = 'gone'")
    said(apart, "audit", "checkpoint", "--new-origin", "--why", "restored")
    found = apart.here("audit", "verify", "--against", str(kept), check=False)
    place = f"position {first.size + 1}"
    assert (found.exit_code, found.stdout.partition(":")[0]) == (1, place)


def test_a_policy_says_up_to_where_it_is_satisfied(apart: Service) -> None:
    first = said(apart, "audit", "key").strip()
    size = parse_note(said(apart, "audit", "checkpoint"))[0].size
    policy = apart.folder / "policy"
    policy.write_text(f"log {first}\nquorum none\n")
    said(apart, "audit", "key", "--rotate")
    said(apart, "audit", "key", "--retire", first.split("+")[1])
    said(apart, "audit", "checkpoint")
    found = said(apart, "audit", "verify", "--policy", str(policy))
    assert f"the first {size} are as the policy asks for" in found
    policy.write_text("quorum some")
    assert apart.here("audit", "verify", "--policy", str(policy), check=False).exit_code == 2


@pytest.mark.parametrize("level", ["0", "1", "entries"])
def test_tiles_of_numbers_beyond_64_bits_are_answered_404(service: Service, level: str) -> None:
    assert tile(service, f"tile/{level}/{'x999/' * 9}999").status_code == 404
    assert tile(service, f"tile/{level}/{'x999/' * 500}999").status_code == 404
