"""The running service has its checkpoints cosigned and stamped, whatever its anchors do."""

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from audit.tlog.anchors import as_signed
from audit.tlog.checkpoints import parse_note
from audit.tlog.notes import Note, VerifierKey
from audit.tlog.posting import ANSWER_SECONDS
from tests.conftest import NewService
from tests.harness.answering import Reply, answering
from tests.harness.processes import free_port
from tests.harness.service import Service
from tests.harness.stamping import StampingAuthority, as_response
from tests.harness.waiting import wait_until
from tests.harness.witness import Cosigner, Witness

ORIGIN = "lab.example/ledger"
REACHED = "SELECT size, failures, error FROM tlog_anchors WHERE anchor = %s"


@contextmanager
def witness(folder: Path, cosigner: Cosigner) -> Iterator[tuple[Witness, str]]:
    """Start a witness that knows no log yet, and give it and its address."""
    made = Witness(folder / "witness.json", cosigner)
    with answering(made) as url:
        yield made, url


def key_of(service: Service) -> str:
    """Return the verifier key, which the first call makes."""
    return service.here("audit", "key", "--name", ORIGIN).stdout.strip()


def post(service: Service, number: int) -> int:
    """Post a webhook, and return its position."""
    answer = service.post_webhook({"id": number, "type": "sampled", "data": {}})
    return int(answer.json()["position"])


def note_of(service: Service) -> Note:
    return parse_note(service.get("/audit/tlog/checkpoint").text)[1]


def reached(service: Service, anchor: str) -> int:
    """Return the size that an anchor has confirmed."""
    return next((size for size, *_ in service.query(REACHED, anchor)), 0)


def failures(service: Service, anchor: str) -> int:
    """Return how often an anchor has failed."""
    return next((failed for _, failed, _ in service.query(REACHED, anchor)), 0)


def metric(service: Service, name: str, anchor: str) -> float:
    """Return the value of a metric of an anchor."""
    lines = service.get("/metrics").text.splitlines()
    [line] = [each for each in lines if each.startswith(f'{name}{{anchor="{anchor}"}} ')]
    return float(line.rpartition(" ")[2])


@contextmanager
def silent() -> Iterator[str]:
    """Start a witness that never answers, and give its address."""
    end = threading.Event()

    def answer(*_: object) -> Reply:
        end.wait()
        return Reply(500)

    with answering(answer) as url:
        yield url
        end.set()


def test_a_checkpoint_is_cosigned_and_stamped_and_both_can_be_verified(
    new_service: NewService, tmp_path: Path
) -> None:
    authority, cosigner = StampingAuthority(tmp_path), Cosigner("w.example")
    down = f"http://127.0.0.1:{free_port()}"
    with (
        witness(tmp_path, cosigner) as (watching, url),
        answering(authority) as stamping,
        silent() as slow,
    ):
        service = new_service(
            1,
            CHECKPOINT_SECONDS="1",
            WITNESS_URLS=f"{url}#{cosigner.vkey}, {down} {slow}",
            TIMESTAMP_URL=stamping,
        )
        watching.logs = (key_of(service),)
        service.start()
        position = post(service, 1)
        wait_until(lambda: reached(service, url) >= position)
        wait_until(lambda: reached(service, stamping) >= position)
        wait_until(lambda: failures(service, down))
        keys = [VerifierKey.parse(each) for each in (watching.logs[0], cosigner.vkey)]
        assert note_of(service).signers(keys) == keys
        assert metric(service, "kitledger_anchor_lag", url) == 0
        assert metric(service, "kitledger_anchor_lag_seconds", url) == 0
        assert metric(service, "kitledger_anchor_failures_total", url) == 0
        assert metric(service, "kitledger_anchor_lag", down) >= position
        assert metric(service, "kitledger_anchor_lag_seconds", down) > 0
        assert metric(service, "kitledger_anchor_failures_total", down) >= 1
        before = time.monotonic()
        assert service.stop() == 0
        wait_until(lambda: not service.processes())
        assert time.monotonic() - before < ANSWER_SECONDS / 2
        assert "Traceback" not in service.log()
        assert "HTTP Request" not in service.log()
    [(note, token)] = service.query(
        "SELECT note, token FROM tlog_checkpoints JOIN tlog_stamps USING (origin, size)"
        " WHERE size = (SELECT max(size) FROM tlog_stamps)"
    )
    stamped = str(as_signed(ORIGIN, Note.parse(note))).encode()
    # As docs/operations/proof.md says.
    own = ["awk", f'!/^— / || $2 == "{ORIGIN}"']
    assert subprocess.check_output(own, input=note.encode()) == stamped
    assert "Verification: OK" in authority.verify(token, stamped)
    root = load_pem_x509_certificate(authority.certificate.read_bytes())
    verifier = VerifierBuilder().add_root_certificate(root).build()
    assert verifier.verify_message(decode_timestamp_response(as_response(token)), stamped)
    policy = tmp_path / "policy"
    policy.write_text(f"log {watching.logs[0]}\nwitness w {cosigner.vkey}\nquorum w\n")
    kept = tmp_path / "checkpoint"
    kept.write_text(note)
    service.here("audit", "verify", "--policy", str(policy), "--against", str(kept))
    service.here("audit", "verify", "--policy", str(policy))
    stranger = Cosigner("w.example", "another")
    policy.write_text(f"log {watching.logs[0]}\nwitness w {stranger.vkey}\nquorum w\n")
    refused = service.here("audit", "verify", "--policy", str(policy), check=False)
    assert refused.exit_code == 1
    assert "no saved checkpoint satisfies the policy" in refused.stderr


@pytest.mark.one_store
def test_a_witness_finds_that_the_ledger_and_its_key_were_set_back(
    new_service: NewService, tmp_path: Path
) -> None:
    cosigner = Cosigner("w.example")
    with witness(tmp_path, cosigner) as (watching, url):
        service = new_service(1, CHECKPOINT_SECONDS="1", WITNESS_URLS=f"{url}#{cosigner.vkey}")
        watching.logs = (key_of(service),)
        copy = tmp_path / "copy"
        shutil.copytree(service.folder, copy)
        service.start()
        positions = [post(service, number) for number in (1, 2, 3)]
        wait_until(lambda: reached(service, url) >= positions[-1])
        service.stop()
        for file in service.folder.glob("ledger*"):
            file.unlink()
        shutil.copytree(copy, service.folder, dirs_exist_ok=True)
        service.start()
        assert post(service, 4) == positions[0]
        wait_until(lambda: failures(service, url))
        said = [each for each in service.log_lines() if each["event"] == "anchor-fails"]
        assert "restored to an earlier state" in said[-1]["error"]
        assert len(note_of(service).signatures) == 1


@pytest.mark.one_store
def test_a_bad_anchor_stops_the_start_with_one_line(nowhere: Service) -> None:
    for name in ("WITNESS_URLS", "TIMESTAMP_URL"):
        place = Service(nowhere.folder, **{name: "https://w.example:x"})
        done = place.here("project", check=False)
        place.close()
        assert done.exit_code != 0
        assert done.stderr.splitlines() == [
            f"Error: {name} can't be used: this is not the address of a service, such as"
            " https://example.com/path"
        ]
