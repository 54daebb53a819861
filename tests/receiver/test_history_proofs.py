"""The proof of a history: what a thing went through, with evidence that needs no database to be checked."""

import json
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import httpx
import pytest

from audit.tlog.checkpoints import parse_note
from audit.tlog.entries import hashed_entry
from audit.tlog.merkle import check_inclusion, leaf_hash
from audit.tlog.notes import VerifierKey
from tests.harness.service import Service
from tests.receiver.examples import kit_event

PROOF = "application/vnd.kitledger.proof+json"


def proof_of(service: Service, path: str, **options: Any) -> httpx.Response:
    return service.get(f"{path}history/", headers={"Accept": PROOF}, **options)


@pytest.fixture
def barcode(service: Service, fresh: Callable[[], int]) -> str:
    """Announce a kit twice, the second time in an array, and sign the log."""
    service.here("audit", "key")
    barcode = f"UL{fresh()}"
    service.post_webhook(kit_event(fresh(), barcode))
    service.post_webhook([kit_event(fresh(), barcode, status="KIT_RECEIVED")])
    service.here("audit", "checkpoint")
    return barcode


def test_it_has_each_event_and_delivery_with_its_proof(service: Service, barcode: str) -> None:
    answer = proof_of(service, f"/api/v1/kits/{barcode}/")
    assert answer.headers["Content-Type"] == PROOF
    assert "Accept" in answer.headers["Vary"]
    document = answer.json()
    assert (document["format"], document["subject"]) == (
        "kitledger-proof/1",
        {"kind": "kit", "id": barcode},
    )
    checkpoint, note = parse_note(document["checkpoint"])
    assert note.signers(map(VerifierKey.parse, document["keys"]))
    topics = [line["topic"] for line in document["events"]]
    assert topics.count("Kit.Observed") == 2
    assert {"Delivery.Recorded", "Batch.Received", "Source.Added"} <= set(topics)
    for line in document["events"]:
        leaf = leaf_hash(
            hashed_entry(
                (
                    *(line[name] for name in ("position", "recorded_at", "stream", "version")),
                    line["topic"],
                    sha256(b64decode(line["state"])).hexdigest(),
                )
            )
        )
        hashes = [b64decode(each) for each in line["proof"]]
        check_inclusion(leaf, line["position"] - 1, checkpoint.size, hashes, checkpoint.root)
    bodies = [line["delivery"]["body"] for line in document["events"] if "delivery" in line]
    assert any(json.loads(body) for body in bodies if barcode in body)


def test_what_no_checkpoint_covers_is_answered_404(
    service: Service, fresh: Callable[[], int], barcode: str
) -> None:
    late = f"UL{fresh()}"
    service.post_webhook(kit_event(fresh(), late))
    found = proof_of(service, f"/api/v1/kits/{late}/")
    assert (found.status_code, found.json()["detail"]) == (
        404,
        "no checkpoint covers an event of it",
    )


def test_as_of_a_position_it_has_the_events_until_then(service: Service, barcode: str) -> None:
    path = f"/api/v1/kits/{barcode}/"
    positions = [each["position"] for each in service.get(f"{path}history/").json()]
    found = proof_of(service, path, params={"as_of_position": positions[0]}).json()
    assert max(line["position"] for line in found["events"]) == positions[0]


def test_json_stays_the_answer_for_those_who_ask_for_nothing(
    service: Service, barcode: str
) -> None:
    answer = service.get(f"/api/v1/kits/{barcode}/history/", headers={"Accept": "*/*"})
    assert answer.headers["Content-Type"] == "application/json"
    assert len(answer.json()) == 2
