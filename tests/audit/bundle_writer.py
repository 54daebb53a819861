"""Bundles as their format is described, written by code of its own from events as they are stored."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Line = dict[str, Any]
A_FILE = 4096


@cache
def root_of(leaves: tuple[bytes, ...]) -> bytes:
    """Return the Merkle tree hash of leaves (RFC 6962, 2.1), which are hashed already."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def path_of(index: int, leaves: tuple[bytes, ...]) -> list[bytes]:
    """Return the path of a leaf to the root (RFC 6962, 2.1.1)."""
    if len(leaves) < 2:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return [*path_of(index, leaves[:half]), root_of(leaves[half:])]
    return [*path_of(index - half, leaves[half:]), root_of(leaves[:half])]


def line(position: int, stream: str, version: int, topic: str, state: bytes, **others: Any) -> Line:
    """Return the line of an event."""
    return {
        "position": position,
        "recorded_at": others.pop("recorded_at", 1_767_614_400_000_000 + position),
        "stream": stream,
        "version": version,
        "topic": topic,
        "state": b64encode(state).decode(),
        **others,
    }


def with_state(made: Line, **fields: Any) -> Line:
    """Return a line whose state has these fields."""
    return {**made, "state": b64encode(msgspec.msgpack.encode(fields)).decode()}


def lines(count: int) -> list[Line]:
    """Return so many events of a few streams."""
    states = (
        msgspec.msgpack.encode({"salt": b"%016d" % at, "by": "source/lab"}) for at in range(count)
    )
    return [
        line(at + 1, f"kit/K{at % 7}", at // 7 + 1, "Kit.Observed", state, by="source/lab")
        for at, state in enumerate(states)
    ]


def leaf(made: Line) -> bytes:
    """Return the hash of an event's entry."""
    digest = sha256(b64decode(made["state"])).hexdigest()
    entry = (
        f'{{"position":{made["position"]},"recorded_at":{made["recorded_at"]},"stream":'
        f'{json.dumps(made["stream"])},"version":{made["version"]},"topic":'
        f'{json.dumps(made["topic"])},"state":"{digest}"}}'
    )
    return sha256(b"\0" + entry.encode()).digest()


@dataclass
class Signer:
    """A key that signs notes; kind 4 cosigns them at a time."""

    name: str
    kind: int = 1
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def _public(self) -> bytes:
        return bytes([self.kind]) + self.private.public_key().public_bytes_raw()

    @property
    def _id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + self._public).digest()[:4]

    @property
    def vkey(self) -> str:
        """Return the text of the public key."""
        return f"{self.name}+{self._id.hex()}+{b64encode(self._public).decode()}"

    def sign(self, text: str, time: int = 1_767_700_000) -> str:
        """Return the line of a signature."""
        made = self.private.sign(text.encode())
        if self.kind == 4:
            made = self.private.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
            made = time.to_bytes(8, "big") + made
        return f"— {self.name} {b64encode(self._id + made).decode()}\n"


@dataclass
class Log:
    """A log of events, from which bundles are written."""

    lines: list[Line]
    signer: Signer = field(default_factory=lambda: Signer("lab.example/ledger"))
    cosigners: Sequence[Signer] = ()

    @cached_property
    def leaves(self) -> tuple[bytes, ...]:
        """Return the hashes of all entries."""
        return tuple(map(leaf, self.lines))

    def note(self, size: int) -> str:
        """Return a signed checkpoint."""
        root = b64encode(root_of(self.leaves[:size])).decode()
        text = f"{self.signer.name}\n{size}\n{root}\n"
        return text + "\n" + "".join(each.sign(text) for each in (self.signer, *self.cosigners))

    def proven(self, chosen: Iterable[int], size: int) -> list[Line]:
        """Return the events at some positions with their proofs."""
        leaves = self.leaves[:size]
        return [
            {
                **self.lines[at - 1],
                "proof": [b64encode(each).decode() for each in path_of(at - 1, leaves)],
            }
            for at in chosen
        ]

    def proof(self, chosen: Iterable[int]) -> Line:
        """Return the document that proves the events at some positions."""
        size = len(self.lines)
        return {
            "format": "kitledger-proof/1",
            "subject": {"kind": "kit", "id": "K0"},
            "keys": [self.signer.vkey],
            "checkpoint": self.note(size),
            "events": self.proven(chosen, size),
        }

    def write(
        self,
        folder: Path,
        *,
        first: int = 1,
        last: int | None = None,
        chosen: Sequence[int] | None = None,
        saved: Sequence[int] = (),
        subject: Any = None,
    ) -> Path:
        """Write a bundle of a range, or of chosen positions."""
        size = len(self.lines)
        last = last or size
        bundled = self.lines[first - 1 : last] if chosen is None else self.proven(chosen, size)
        put(folder / "checkpoint", self.note(size).encode())
        put(folder / "keys", f"{self.signer.vkey}\n".encode())
        put(folder / "index.html", b"<!doctype html>")
        for each in saved:
            put(folder / f"checkpoints/{each}", self.note(each).encode())
        if chosen is None:
            self._write_tiles(folder, first - 1, last - 1)
        about = {
            "format": "kitledger-bundle/1",
            "from": first,
            "to": last,
            "subject": subject,
            "events": "jsonl",
            "count": len(bundled),
            "files": list(write_files(folder, bundled)),
            "given_ids": {"review": 3},
        }
        put(folder / "bundle.json", json.dumps(about).encode())
        return folder

    def _write_tiles(self, folder: Path, first: int, last: int) -> None:
        """Write the tiles over a range of indexes, and the partial ones at the end of the tree."""
        row, level = self.leaves, 0
        while row:
            whole, width = divmod(len(row), 256)
            for number in range(whole):
                if first >> 8 * (level + 1) <= number <= last >> 8 * (level + 1):
                    put(folder / f"tile/{level}/{number:03d}", b"".join(row[number * 256 :][:256]))
            if width:
                put(folder / f"tile/{level}/{whole:03d}.p/{width}", b"".join(row[whole * 256 :]))
            row = tuple(root_of(row[number * 256 :][:256]) for number in range(whole))
            level += 1


def write_files(folder: Path, bundled: Sequence[Line], each_of: int = A_FILE) -> Iterable[Line]:
    """Write events to their files, and yield what is said of each file."""
    for number in sorted({(each["position"] - 1) // each_of for each in bundled}):
        here = [each for each in bundled if (each["position"] - 1) // each_of == number]
        data = b"".join(json.dumps(each).encode() + b"\n" for each in here)
        first, last = here[0]["position"], here[-1]["position"]
        name = f"events/{first:09d}.jsonl"
        put(folder / name, data)
        yield {"name": name, "from": first, "to": last, "sha256": sha256(data).hexdigest()}


def put(path: Path, data: bytes) -> None:
    """Write a file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
