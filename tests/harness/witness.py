"""A witness of https://c2sp.org/tlog-witness, which shares nothing with the product.

It verifies signatures and proofs of consistency by itself, and keeps the last checkpoint of each log in a file.
"""

import json
import re
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.harness.answering import Reply

REQUEST = re.compile(
    r"old (?P<old>0|[1-9]\d*)\n(?P<proof>(?:[A-Za-z0-9+/]+=*\n){0,63})\n"
    r"(?P<text>(?P<origin>[^\n]+)\n(?P<size>0|[1-9]\d*)\n(?P<root>[A-Za-z0-9+/]+=*)\n(?:[^\n]+\n)*)\n"
    r"(?P<lines>(?:— \S+ [A-Za-z0-9+/]+=*\n)+)"
)
EMPTY_ROOT = sha256(b"").digest()
SIZE_TYPE = "text/x.tlog.size"


class Cosigner:
    """A key that makes cosignatures; the same for a name in every run, so that tests have the same names."""

    def __init__(self, name: str, seed: str = "") -> None:
        self.name = name
        secret = sha256(f"{name} {seed}".encode()).digest()
        self._private = Ed25519PrivateKey.from_private_bytes(secret)
        typed = b"\4" + self._private.public_key().public_bytes_raw()
        self._id = sha256(name.encode() + b"\n" + typed).digest()[:4]
        self.vkey = f"{name}+{self._id.hex()}+{b64encode(typed).decode()}"

    def cosign(self, text: str, at: int) -> str:
        """Return the line by which it says that it has seen a checkpoint at a time."""
        signature = self._private.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
        encoded = b64encode(self._id + at.to_bytes(8, "big") + signature).decode()
        return f"— {self.name} {encoded}\n"


class Witness:
    """Answer POST /add-checkpoint for the logs whose verifier keys it is given."""

    def __init__(self, file: Path, cosigner: Cosigner, *logs: str) -> None:
        self._file = file
        self._cosigner = cosigner
        self.logs = logs
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, path: str, body: bytes) -> Reply:
        """Answer a POST."""
        with self._lock:
            self.asked.append(body.decode())
            found = REQUEST.fullmatch(body.decode())
            if path != "/add-checkpoint" or found is None:
                return Reply(400, b"this is no checkpoint with a proof\n")
            return self._answer(**found.groupdict())

    def seen(self, origin: str) -> tuple[int, bytes]:
        """Return the size and the root of the last checkpoint of a log that it has cosigned."""
        size, root = self._read().get(origin, (0, EMPTY_ROOT.hex()))
        return size, bytes.fromhex(root)

    def _answer(
        self, old: str, proof: str, text: str, origin: str, size: str, root: str, lines: str
    ) -> Reply:
        keys = [key for key in self.logs if key.partition("+")[0] == origin]
        if not keys:
            return Reply(404, b"unknown log\n")
        if not is_signed(text, lines, keys):
            return Reply(403, b"not signed by the log\n")
        before, new, new_root = int(old), int(size), b64decode(root)
        seen, seen_root = self.seen(origin)
        if before > new:
            return Reply(400, b"the old size is larger\n")
        if before != seen:
            return Reply(409, f"{seen}\n".encode(), SIZE_TYPE)
        hashes = [b64decode(line) for line in proof.split()]
        if not is_consistent(before, new, seen_root, new_root, hashes):
            return Reply(422, b"not consistent with what was seen before\n")
        self._file.write_text(json.dumps({**self._read(), origin: (new, new_root.hex())}))
        return Reply(200, self._cosigner.cosign(text, int(time.time())).encode())

    def _read(self) -> dict[str, tuple[int, str]]:
        found: dict[str, tuple[int, str]] = (
            json.loads(self._file.read_text()) if self._file.exists() else {}
        )
        return found


def is_signed(text: str, lines: str, keys: list[str]) -> bool:
    """Say whether one of these keys has signed a text, and none falsely."""
    signed = False
    for key in keys:
        name, key_id, typed = key.split("+", 2)
        public = Ed25519PublicKey.from_public_bytes(b64decode(typed)[1:])
        for line in lines.splitlines():
            _, signer, encoded = line.split(" ")
            raw = b64decode(encoded)
            if (signer, raw[:4].hex()) == (name, key_id):
                try:
                    public.verify(raw[4:], text.encode())
                except InvalidSignature:
                    return False
                signed = True
    return signed


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> bool:
    """Say whether a proof leads from one tree to the other, by the definition of RFC 6962, 2.1.2."""
    if old == 0:
        return not proof and (new > 0 or new_root == EMPTY_ROOT)
    hashes = iter(proof)
    try:
        roots = _roots(old, new, old_root, hashes, complete=True)
    except StopIteration:
        return False
    return roots == (old_root, new_root) and not list(hashes)


def _roots(
    old: int, new: int, old_root: bytes, proof: Iterator[bytes], *, complete: bool
) -> tuple[bytes, bytes]:
    """Return the roots of the old leaves and of all leaves of a subtree."""
    if old == new:
        known = old_root if complete else next(proof)
        return known, known
    left = 1 << (new - 1).bit_length() - 1
    if old <= left:
        before, after = _roots(old, left, old_root, proof, complete=complete)
        return before, _node(after, next(proof))
    before, after = _roots(old - left, new - left, old_root, proof, complete=False)
    sibling = next(proof)
    return _node(sibling, before), _node(sibling, after)


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()
