"""A ledger with deliveries of several senders, each recorded by the real receiver once it was verified."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.use_cases import deliveries
from receiver import envelopes, signatures
from receiver.outgoing import signed
from registry.registry import Registry
from registry.sources import Sources
from tests.audit.bundle_writer import Line, line
from tests.domain.scene import kit
from tests.harness.ledgers import TESTER, open_ledger

NOW = datetime.now(UTC).replace(microsecond=0)
SECRETS = {
    "lab": "whsec_" + b64encode(b"the first secret of the lab").decode(),
    "shop": "whsec_a secret that Stripe made",
    "code": "a secret for GitHub, of any text",
}
ROTATED = "whsec_" + b64encode(b"the second secret of the lab").decode()
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = "whpk_" + b64encode(PRIVATE.public_key().public_bytes_raw()).decode()


class Receiver:
    """The parts of the receiver between a webhook's bytes and the ledger."""

    def __init__(self, file: Path) -> None:
        self.ledger = open_ledger(file)
        self._registry = Registry(f"sqlite:///{file}", self.ledger.mapper)
        self._registry.migrate()
        self.sources = Sources(self._registry)

    def post(self, name: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Verify a webhook and record it."""
        source, sent = self.sources.get(name), httpx.Headers(headers)
        assert source is not None
        delivery = signatures.verify(source, sent, body, NOW)
        delivery = envelopes.with_headers(source, delivery, sent)
        read, batch = envelopes.read_delivery(source, delivery)
        deliveries.receive(self.ledger, delivery, read, batch=batch)

    def send(self, name: str, said: Any, secret: str, **headers: str) -> None:
        """Sign a webhook as its source does, and post it."""
        source = self.sources.get(name)
        assert source is not None
        body = json.dumps(said).encode()
        made = signed(source, secret, body, headers, f"msg_{len(body)}", NOW)
        self.post(name, made.body, made.headers)

    def lines(self) -> list[Line]:
        """Return all events as lines."""
        return [
            line(
                each.id,
                str(each.originator_id),
                each.originator_version,
                each.topic,
                each.state,
                recorded_at=each.recorded_at,
                by="operator/tester",
            )
            for each in self.ledger.recorder.select_notifications(1, 10**6)
        ]

    def close(self) -> None:
        """Close the databases."""
        self._registry.close()
        self.ledger.close()


def signed_publicly(said: Any) -> tuple[bytes, dict[str, str]]:
    """Return a webhook that is signed by ed25519."""
    body, time = json.dumps(said).encode(), str(int(NOW.timestamp()))
    made = PRIVATE.sign(b"msg_a." + time.encode() + b"." + body)
    return body, {
        "webhook-id": "msg_a",
        "webhook-timestamp": time,
        "webhook-signature": f"v1a,{b64encode(made).decode()}",
    }


def tell(file: Path) -> list[Line]:
    """Let senders tell a story; return its events as lines."""
    receiver = Receiver(file)
    add = receiver.sources.add
    add("lab", TESTER, secret=SECRETS["lab"])
    add("shop", TESTER, secret=SECRETS["shop"], preset="stripe")
    add("code", TESTER, secret=SECRETS["code"], preset="github")
    add("press", TESTER, secret=PUBLIC)
    lab = SECRETS["lab"]
    receiver.send("lab", kit(1, "UL1", "KIT_SHIPPED"), lab)
    receiver.send(
        "lab", [kit(2, "UL2", "KIT_SHIPPED"), kit(3, "UL3", "KIT_SHIPPED"), {"id": 4}], lab
    )
    receiver.send("lab", "no envelope", lab)
    receiver.sources.rotate("lab", TESTER, ROTATED)
    receiver.send("lab", kit(5, "UL5", "KIT_SHIPPED"), ROTATED)
    stripe = {"id": "evt_1", "type": "charge.paid", "created": 1_767_614_400, "data": {"a": 1}}
    receiver.send("shop", stripe, SECRETS["shop"])
    github = {"X-GitHub-Delivery": "d1", "X-GitHub-Event": "ping"}
    receiver.send("code", {"zen": "Keep it."}, SECRETS["code"], **github)
    receiver.sources.change("code", TESTER, digest="sha512", header="X-Signature", prefix="")
    receiver.send(
        "code", {"zen": "Go on."}, SECRETS["code"], **{**github, "X-GitHub-Delivery": "d2"}
    )
    receiver.post("press", *signed_publicly(kit(1, "UL6", "KIT_SHIPPED")))
    told = receiver.lines()
    receiver.close()
    return told
