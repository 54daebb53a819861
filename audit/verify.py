"""Check a bundle of a ledger: complete, unaltered, signed by whom, which deliveries' signatures hold.

This file stands alone: it needs Python 3.11, `cryptography`, and `pyarrow` for Parquet. It imports nothing of
the program whose bundles it checks, needs no database and no network, and may be copied and run as a script.

A bundle is a folder with a range of events and the tiles of their Merkle tree, or with some events and a proof
of each; or it is one JSON file with such proofs. Each event's hash has to lead to the root of a checkpoint that
the log has signed. What is wrong is raised as ValueError; the main loop adds the position.
"""

import argparse
import hmac
import json
import re
import sqlite3
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from hashlib import file_digest, sha256
from importlib import import_module
from pathlib import Path
from struct import unpack
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LARGEST = 2**63 - 1
LONGEST_LINE, LONGEST_FILE = 256 * 1024 * 1024, 16 * 1024 * 1024


class Bad(Exception):
    """The first thing that is wrong, and the position at which it is."""

    def __init__(self, what: str, position: int) -> None:
        super().__init__(f"position {position}: {what}")
        self.what, self.position = what, position


class WrongUsage(Exception):
    """The command can't do what it was asked to."""


# ---- The Merkle tree: RFC 6962, 2.1 ----


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node by those of its children."""
    return sha256(b"\1" + left + right).digest()


def root_hash(row: list[bytes]) -> bytes:
    """Return the root over some hashes: one without a right neighbour rises as it is."""
    while len(row) > 1:
        above = [node_hash(*pair) for pair in zip(row[::2], row[1::2], strict=False)]
        row = above + row[2 * len(above) :]
    return row[0] if row else sha256(b"").digest()


def proven_root(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """Return the root that an inclusion proof leads to; `index` counts from 0."""
    if size == 1 and not path:
        return leaf
    if size <= 1 or not path:
        raise ValueError("its proof has the wrong length")
    half = 1 << (size - 1).bit_length() - 1
    if index < half:
        return node_hash(proven_root(index, half, leaf, path[:-1]), path[-1])
    return node_hash(path[-1], proven_root(index - half, size - half, leaf, path[:-1]))


# ---- Tiles: c2sp.org/tlog-tiles ----


def tile_path(level: int, number: int, width: int) -> str:
    """Return the path of a tile of `width` hashes; 256 are a whole one."""
    digits = f"{number:03d}"
    *first, last = re.findall("...", digits.zfill(-(-len(digits) // 3) * 3))
    part = "" if width == 256 else f".p/{width}"
    return f"tile/{level}/{''.join(f'x{each}/' for each in first)}{last}{part}"


class Tiles:
    """The tiles of a tree: the partial ones give its root, and each whole one a hash in the level above."""

    def __init__(self, folder: Path, size: int, root: bytes) -> None:
        self._folder, self._size = folder, size
        self._read_last: dict[int, tuple[int, list[bytes]]] = {}
        if self.root(size) != root:
            raise ValueError("the tiles at the end of the tree do not give the checkpoint's root")

    def root(self, size: int) -> bytes:
        """Return the root of the tree when it had this size."""
        right: list[bytes] = []
        for level in range(8):
            number, width = divmod(size >> 8 * level, 256)
            if width:
                row = [self.hash(level, 256 * number + place) for place in range(width)]
                right = [root_hash(row + right)]
        return root_hash(right)

    def hash(self, level: int, index: int) -> bytes:
        """Return a hash in a level, 0 for leaves; a whole tile has to lead to the root."""
        number, place = divmod(index, 256)
        if self._read_last.get(level, (None,))[0] != number:
            last, partial = divmod(self._size >> 8 * level, 256)
            tile = self._read(level, number, partial if number == last else 256)
            if number < last and root_hash(tile) != self.hash(level + 1, number):
                raise ValueError(f"{tile_path(level, number, 256)} is not a tile of this tree")
            self._read_last[level] = number, tile
        return self._read_last[level][1][place]

    def _read(self, level: int, number: int, width: int) -> list[bytes]:
        path = tile_path(level, number, width)
        tile = contents(self._folder, path)
        if len(tile) != 32 * width:
            raise ValueError(f"{path} does not have {width} hashes")
        return [tile[at : at + 32] for at in range(0, len(tile), 32)]


# ---- Checkpoints: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature ----

ED25519, COSIGNATURE = 1, 4


class Key(NamedTuple):
    """A verifier key, and its text: NAME+ID+BASE64 of the type and the bytes."""

    name: str
    id: bytes
    kind: int
    public: bytes
    text: str

    @classmethod
    def parse(cls, text: str) -> "Key":
        """Return the key of a text."""
        found = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)", text)
        raw = b64decode(found[3], validate=True) if found else b""
        if not found or not raw:
            raise ValueError("a key is NAME+ID+BASE64")
        own = sha256(found[1].encode("utf-8", "surrogateescape") + b"\n" + raw).digest()[:4]
        if raw[0] in (ED25519, COSIGNATURE) and (found[2], 33) != (own.hex(), len(raw)):
            raise ValueError("the key has an id that is not its own")
        return cls(found[1], bytes.fromhex(found[2]), raw[0], raw[1:], text)

    def signed(self, note: "Note") -> int | None:
        """Return when this key signed a note, 0 if that is unsaid, None if it did not."""
        for name, key_id, made in note.signatures:
            if (name, key_id) == (self.name, self.id) and self.kind in (ED25519, COSIGNATURE):
                begin = 8 if self.kind == COSIGNATURE else 0
                time, text = int.from_bytes(made[:begin], "big"), note.text
                if begin:
                    text = f"cosignature/v1\ntime {time}\n{text}"
                if not ed25519_holds(self.public, made[begin:], text.encode()):
                    raise ValueError(f"the signature of {name} on {note.file} does not hold")
                return time
        return None


class Note(NamedTuple):
    """A checkpoint as it was signed: origin, size and root of the log."""

    file: str
    text: str
    signatures: list[tuple[str, bytes, bytes]]
    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, data: bytes, file: str) -> "Note":
        """Return the checkpoint in a file."""
        try:
            text, _, lines = data.decode().rpartition("\n\n")
            signatures = [_signature(line) for line in lines.removesuffix("\n").split("\n")]
        except ValueError as error:
            raise ValueError(f"{file} is not a signed checkpoint") from error
        found = re.fullmatch(r"([^\n]+)\n(0|[1-9][0-9]{0,17})\n([A-Za-z0-9+/]{43}=)", text)
        if found is None:
            raise ValueError(f"{file} is not a checkpoint: origin, size and root, a line each")
        root = b64decode(found[3])
        return cls(file, f"{text}\n", signatures, found[1], int(found[2]), root)

    def stamped(self) -> bytes:
        """Return what a time stamp is of: the note with the signatures of the log alone."""
        own = [each for each in self.signatures if each[0] == self.origin]
        lines = [f"— {name} {b64encode(key_id + made).decode()}\n" for name, key_id, made in own]
        return f"{self.text}\n{''.join(lines)}".encode()


def _signature(line: str) -> tuple[str, bytes, bytes]:
    found = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/]{6,}=*)", line)
    if found is None:
        raise ValueError("a line is not a signature")
    raw = b64decode(found[2], validate=True)
    return found[1], raw[:4], raw[4:]


def ed25519_holds(public: bytes, signature: bytes, text: bytes) -> bool:
    """Say whether a signature holds; by what is no key none does."""
    with suppress(InvalidSignature, ValueError):
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
        return True
    return False


# ---- The policy: c2sp.org/tlog-policy ----


class Policy:
    """The logs that an auditor trusts, and the witnesses of whom a quorum has to have cosigned."""

    def __init__(self, data: bytes) -> None:
        self.logs: list[Key] = []
        self.witnesses: dict[str, Key] = {}
        self._groups: dict[str, tuple[int, list[str]]] = {"none": (0, [])}
        self._quorum: list[str] = []
        self._free: set[str] = set()
        for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
            words = re.findall(r"[^ \t]+", line)
            try:
                if words and not words[0].startswith("#"):
                    self._add(words)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
        if len(self._quorum) != 1:
            raise ValueError("it needs one line with the quorum")

    def _add(self, words: list[str]) -> None:
        known = {*self.witnesses, *self._groups}
        match words:
            case ["log", text] | ["log", text, _]:
                self.logs.append(Key.parse(text))
            case ["witness", name, text] | ["witness", name, text, _] if name not in known:
                self.witnesses[name] = Key.parse(text)
                self._free.add(name)
            case ["group", name, least, *names] if name not in known and self._free >= {*names}:
                digits = {"any": "1", "all": f"{len(names)}"}.get(least, least)
                if not re.fullmatch("[1-9][0-9]{0,3}", digits) or int(digits) > len({*names}):
                    raise ValueError("a group needs any, all, or a number of its members")
                self._groups[name] = int(digits), names
                self._free = self._free - {*names} | {name}
            case ["quorum", name] if name in known:
                self._quorum.append(name)
            case _:
                raise ValueError("it is no line of a policy, or names what it may not name here")
        for keys in (self.logs, list(self.witnesses.values())):
            if len({key.public for key in keys}) < len(keys):
                raise ValueError("the key is there twice")

    def reached(self, cosigned: Iterable[str], name: str | None = None) -> bool:
        """Say whether the witnesses that cosigned are a quorum."""
        name = name or self._quorum[0]
        if name not in self._groups:
            return name in cosigned
        least, members = self._groups[name]
        return sum(self.reached(cosigned, each) for each in members) >= least


# ---- MessagePack, in which the states of events are stored: msgpack.org ----

DEEPEST = 64
CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


class MessagePack:
    """Decode one value. An extension is its code and its bytes."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0
        self.value = self._value(0)
        if self._at != len(data):
            raise ValueError("there is more behind the value")

    def _take(self, size: int) -> bytes:
        begin, self._at = self._at, self._at + size
        if self._at > len(self._data):
            raise ValueError("the value ends too early")
        return self._data[begin : self._at]

    def _number(self, size: int, signed: bool = False) -> int:
        return int.from_bytes(self._take(size), "big", signed=signed)

    def _value(self, depth: int) -> Any:  # noqa: PLR0911 a return for each kind of value
        code = self._take(1)[0]
        if code < 0x80 or code >= 0xE0:
            return code if code < 0x80 else code - 256
        if code < 0xA0 or code >= 0xDC:
            size = code % 16 if code < 0xA0 else self._number(2 << code % 2)
            return self._many(size, depth + 1, is_map=code < 0x90 or code >= 0xDE)
        if code < 0xC0 or code >= 0xD9:
            return self._take(code % 32 if code < 0xC0 else self._number(1 << code - 0xD9)).decode()
        if code in CONSTANTS:
            return CONSTANTS[code]
        if 0xC4 <= code <= 0xC6:
            return self._take(self._number(1 << code - 0xC4))
        if 0xCA <= code <= 0xCB:
            return unpack(">f" if code == 0xCA else ">d", self._take(4 << code - 0xCA))[0]
        if 0xCC <= code <= 0xD3:
            return self._number(1 << code % 4, signed=code >= 0xD0)
        if code == 0xC1:
            raise ValueError("the value has a byte that is never used")
        size = 1 << code - 0xD4 if code >= 0xD4 else self._number(1 << code - 0xC7)
        return self._number(1, signed=True), self._take(size)

    def _many(self, size: int, depth: int, is_map: bool) -> Any:
        if depth > DEEPEST or size > len(self._data) - self._at:
            raise ValueError("the value is too deep, or ends too early")
        values = [self._value(depth) for _ in range(2 * size if is_map else size)]
        if not is_map:
            return values
        if (
            any(isinstance(key, list | dict | tuple) for key in values[::2])
            or len({*values[::2]}) < size
        ):
            raise ValueError("a key is there twice, or can't be one")
        return dict(zip(values[::2], values[1::2], strict=True))


# ---- Events ----

NUMBERS, TEXTS = ("position", "recorded_at", "version"), ("stream", "topic", "state")
ENTRY = ("position", "recorded_at", "stream", "version", "topic", "state")
BESIDE = {"by": str, "has_reason": bool, "organization": int, "delivery": dict, "proof": list}
KINDS: dict[str, type] = {**dict.fromkeys(NUMBERS, int), **dict.fromkeys(TEXTS, str), **BESIDE}


class Event:
    """An event: its line, its stored state, and the fields in that; None if compressed or encrypted."""

    def __init__(self, line: Any) -> None:
        if not isinstance(line, dict) or not {*ENTRY} <= line.keys() <= KINDS.keys():
            raise ValueError("its line lacks something, or has something that no line has")
        if any(type(value) is not KINDS[name] for name, value in line.items()):
            raise ValueError("its line has something of another kind")
        if any(abs(line[name]) > LARGEST for name in NUMBERS):
            raise ValueError("its line has a number that is too large")
        self.line, self.state = line, b64decode(line["state"], validate=True)
        self.position, self.time, self.version = (int(line[name]) for name in NUMBERS)
        self.stream, self.topic = str(line["stream"]), str(line["topic"])
        self.stream.encode()
        self.fields: dict[Any, Any] | None = None
        with suppress(ValueError):
            value = MessagePack(self.state).value
            self.fields = value if isinstance(value, dict) else None

    def leaf(self) -> bytes:
        """Return the hash of this event's entry in the log."""
        entry = {name: self.line[name] for name in ENTRY}
        entry["state"] = sha256(self.state).hexdigest()
        return leaf_hash(json.dumps(entry, separators=(",", ":")).encode())

    def check_line(self) -> None:
        """Compare what the line says beside the entry with the state."""
        said, fields = self.line, self.fields
        if fields is None:
            return
        if said.get("by", "") not in ("", fields.get("by")):
            raise ValueError("its line has another cause than its state")
        if said.get("has_reason") and "why" not in fields:
            raise ValueError("its line has a reason that its state has not")
        # These streams name the organization that their events are of.
        named = self.stream.split("/") if self.stream.startswith(("claim/", "group-tree/")) else []
        if str(said.get("organization")) not in map(
            str, [None, fields.get("organization_id"), *named]
        ):
            raise ValueError("its line has another organization than its state")
        for name, value in said.get("delivery", {}).items():
            if _as_said(name, fields) != value:
                raise ValueError(f"the {name} of the delivery in its line is not that of its state")


def _as_said(name: str, fields: dict[Any, Any]) -> Any:
    """Return a field as a line says it: the body as text, or in base64."""
    value = fields.get("body" if name == "body_base64" else name, b"")
    if isinstance(value, bytes) and name == "body":
        return value.decode("utf-8", "surrogateescape")
    return b64encode(value).decode() if name == "body_base64" and value else value


# ---- Senders' signatures ----

Form = tuple[str, ...]
"""How a source signs: the scheme, a template of what is signed, the digest."""
STANDARD_SCHEME = "standard-webhooks"
STANDARD: Form = (STANDARD_SCHEME, "{id}.{timestamp}.{body}", "sha256")
RECEIPTS = ("Delivery.Recorded", "Delivery.Replaced", "Quarantine.Held", "Batch.Received")
PLAIN = {"scheme": "hmac-sha256", "signed": "{body}", "digest": "sha256"}
_SENT = ("id", "timestamp")
SEALED = "compressed or encrypted"
SIGNED = ("source", "key_id", "webhook_id", "webhook_timestamp", "signature")


def holds(secret: str, form: Form, receipt: dict[Any, Any]) -> bool:
    """Say whether a secret made the signature of a receipt: the expected one has to be in its header."""
    scheme, template, digest = STANDARD if form[0] == STANDARD_SCHEME else form
    key, header = secret.encode("utf-8", "replace"), receipt["signature"]
    sent = {name: receipt[f"webhook_{name}"].encode("latin-1", "replace") for name in _SENT}
    sent["body"] = receipt["body"]
    parts = re.split(r"\{(id|timestamp|body)\}", template)
    content = b"".join(sent[part] if odd % 2 else part.encode() for odd, part in enumerate(parts))
    if scheme == STANDARD_SCHEME:
        kind, _, encoded = secret.partition("_")
        with suppress(ValueError):
            key = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        if kind == "whpk":
            found = re.findall("v1a,([A-Za-z0-9+/]{86}==)", header)
            return any(ed25519_holds(key, b64decode(each), content) for each in found)
    if not key or digest not in ("sha1", "sha256", "sha512"):
        return False
    mac = hmac.digest(key, content, digest)
    return mac.hex() in header.lower() or b64encode(mac).decode().rstrip("=") in header


class Senders:
    """Check the signatures of deliveries, by the keys that the auditor has of their senders.

    How a source signs is in its own events: each form that it had before a delivery is tried.
    """

    def __init__(self, keys: dict[str, list[str]], arrays: sqlite3.Connection) -> None:
        self.verdicts: dict[str, dict[str, int]] = {}
        self._keys, self._arrays = keys, arrays
        self._settings: dict[str, dict[str, Any]] = {}
        self._forms: dict[str, list[Form]] = {}
        self._prints: dict[str, dict[str, str]] = {}
        arrays.execute("CREATE TABLE arrays (stream TEXT PRIMARY KEY, source, verdict, body)")

    def see(self, event: Event, from_start: bool) -> None:
        """Note how a source signs, and check a delivery."""
        name, fields = "".join(event.stream.split("/")[1:2]), event.fields or {}
        settings = fields.get("settings")
        if event.topic in RECEIPTS:
            verdict = (
                f"not checked: {SEALED}"
                if event.fields is None
                else self._verdict(event, name, from_start)
            )
            found = self.verdicts.setdefault(name, {})
            found[verdict] = found.get(verdict, 0) + 1
        elif event.topic == "Source.KeyAdded":
            prints = self._prints.setdefault(name, {})
            prints[str(fields.get("key_id"))] = str(fields.get("fingerprint"))
        elif event.topic in ("Source.Added", "Source.Changed") and isinstance(settings, dict):
            known = self._settings.setdefault(name, {})
            known.update(settings)
            form = tuple(str(known.get(part) or default) for part, default in PLAIN.items())
            self._forms.setdefault(name, [STANDARD]).insert(0, form)

    def told(self) -> list[str]:
        """Return in words what became of the deliveries of each source."""
        counts = ((name, *each) for name, found in self.verdicts.items() for each in found.items())
        return [f"{count} of {name}: {verdict}" for name, verdict, count in counts]

    def _verdict(self, event: Event, source: str, from_start: bool) -> str:
        fields = event.fields or {}
        texts = all(isinstance(fields.get(each), str) for each in SIGNED)
        if not texts or not isinstance(fields.get("body"), bytes) or fields["source"] != source:
            raise ValueError("its state is not that of a delivery of its source")
        if fields.get("batch"):
            wanted = "SELECT source, instr(body, ?) > 0, verdict FROM arrays WHERE stream = ?"
            row = self._arrays.execute(wanted, (fields["body"], str(fields["batch"]))).fetchone()
            if row is None and not from_start:
                return "not checked: its array is not here"
            if row is None or row[:2] != (source, 1):
                raise ValueError("it is not in the array that it is said to have come in")
            return str(row[2])
        verdict = self._verdict_of_signed(fields, self._keys.get(source, []))
        if event.topic == "Batch.Received":
            row = (event.stream, source, verdict, fields["body"])
            self._arrays.execute("INSERT OR REPLACE INTO arrays VALUES (?, ?, ?, ?)", row)
        return verdict

    def _verdict_of_signed(self, fields: dict[Any, Any], given: list[str]) -> str:
        source, key_id = fields["source"], fields["key_id"]
        forms = dict.fromkeys(self._forms.get(source, [STANDARD]))
        if any(holds(secret, form, fields) for form in forms for secret in given):
            return "the signature holds"
        if not given:
            return "not checked: no key was given"
        fingerprint = self._prints.get(source, {}).get(key_id, "none")
        if any(sha256(each.encode()).hexdigest().startswith(fingerprint) for each in given):
            raise ValueError(f"its signature by {key_id} does not hold")
        return f"not checked: {key_id} was not given, or how the source signs is not in the bundle"


# ---- The bundle ----

BUNDLE: dict[str, type] = {"format": str, "from": int, "to": int, "count": int, "files": list}
PROOF: dict[str, type] = {"format": str, "keys": list, "checkpoint": str, "events": list}


class Bundle(NamedTuple):
    """The bundle to check; `selected` events have a proof each, and others are a range with tiles."""

    folder: Path | None
    first: int
    last: int
    events: int
    selected: bool
    from_start: bool
    checkpoint: bytes
    keys: list[str]
    lines: Callable[[], Iterator[Any]]

    @classmethod
    def open(cls, path: Path) -> "Bundle":
        """Return the bundle in a folder, or the proof in a file."""
        if not path.is_dir():
            proof = described(path.parent, path.name, "kitledger-proof/1", PROOF)
            keys, events = [*map(str, proof["keys"])], proof["events"]
            note, whole = proof["checkpoint"].encode("utf-8", "replace"), "subject" in proof
            return cls(None, 1, LARGEST, len(events), True, whole, note, keys, lambda: iter(events))
        about = described(path, "bundle.json", "kitledger-bundle/1", BUNDLE)
        first, last, subject = about["from"], about["to"], about.get("subject")
        whole = first == 1 and not (isinstance(subject, dict) and subject.get("kind") == "review")
        selected, note = not (path / "tile").is_dir(), contents(path, "checkpoint")
        keys = contents(path, "keys").decode("utf-8", "replace").split()
        lines = lambda: (line for each in about["files"] for line in lines_of(path, each))  # noqa: E731
        return cls(path, first, last, about["count"], selected, whole, note, keys, lines)


def contents(folder: Path, name: str, most: int = LONGEST_FILE) -> bytes:
    """Return the bytes of a file of the bundle."""
    if not (folder / name).is_file():
        raise ValueError(f"{name} is missing")
    with (folder / name).open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{name} is larger than {most} bytes")
    return data


def described(folder: Path, name: str, form: str, kinds: dict[str, type]) -> dict[str, Any]:
    """Return the JSON object in a file that has a format and some members."""
    found = parsed(contents(folder, name, LONGEST_LINE), name)
    members = found if isinstance(found, dict) else {}
    if any(type(members.get(each)) is not kind for each, kind in kinds.items()):
        raise ValueError(f"{name} is neither of a bundle nor a proof")
    if members["format"] != form:
        raise ValueError(f"{name} is not in the format {form}")
    return members


def parsed(data: bytes, name: str) -> Any:
    """Return the JSON value of some bytes; a name that is there twice is refused."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a name is there twice")
        return dict(pairs)

    try:
        return json.loads(data, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is not JSON") from error


def lines_of(folder: Path, about: Any) -> Iterator[Any]:
    """Yield the events of a file one by one, then check the hash of the file."""
    about = about if isinstance(about, dict) else {}
    name, digest = str(about.get("name")), str(about.get("sha256"))
    found = re.fullmatch(r"events/([0-9]{9,18})\.(jsonl|parquet)", name, re.ASCII)
    if not found or not (folder / name).is_file():
        raise ValueError(f"{name} is missing, or no file that a bundle has")
    with (folder / name).open("rb") as file:
        if found[2] == "parquet":
            yield from rows_of(file)
        else:
            while line := file.readline(LONGEST_LINE):
                yield parsed(line, "its line")
        file.seek(0)
        if file_digest(file, "sha256").hexdigest() != digest:
            raise Bad(f"{name} does not have the SHA-256 that bundle.json says", int(found[1]))


def rows_of(file: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file as its lines would be."""
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise WrongUsage("events in Parquet need pyarrow: pip install pyarrow") from error
    try:
        for batch in parquet.ParquetFile(file).iter_batches(batch_size=64):
            yield from map(as_line, batch.to_pylist(maps_as_pydicts="strict"))
    except (arrow.ArrowException, OSError, LookupError, ArithmeticError, TypeError) as error:
        raise ValueError("its file is not Parquet") from error


def as_line(value: Any) -> Any:
    """Return a value of a row as JSON has it: without nulls, and bytes in base64."""
    if isinstance(value, dict):
        return {name: as_line(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [as_line(each) for each in value]
    return b64encode(value).decode() if isinstance(value, bytes) else value


# ---- The check ----


class Order:
    """The order of events: recorded times never fall, and no version of a stream is missing.

    The last version of each stream is on disk in a temporary database, however many there are.
    """

    def __init__(self, from_start: bool, database: sqlite3.Connection) -> None:
        self.count, self.streams, self.sealed, self.times = 0, 0, 0, (LARGEST, 0)
        self._from_start, self._database = from_start, database
        database.execute("CREATE TABLE versions (stream TEXT PRIMARY KEY, last INT) WITHOUT ROWID")

    def follow(self, event: Event) -> None:
        """Check that an event may follow the one before."""
        if event.time < self.times[1]:
            raise ValueError("it was recorded before the event above it")
        self.count, self.times = self.count + 1, (min(self.times[0], event.time), event.time)
        wanted = "SELECT last FROM versions WHERE stream = ?"
        before = self._database.execute(wanted, (event.stream,)).fetchone()
        last = before[0] if before else 0 if self._from_start else event.version - 1
        if event.version != last + 1:
            where = f"{event.stream}, and the one before is {last}"
            raise ValueError(f"it is version {event.version} of {where}")
        self.streams += before is None
        self.sealed += event.fields is None
        row = event.stream, event.version
        self._database.execute("INSERT OR REPLACE INTO versions VALUES (?, ?)", row)


Report = dict[str, Any]


def check(bundle: Bundle, policy: Policy | None, given: dict[str, list[str]]) -> Report:
    """Return what holds of a bundle; raises Bad and ValueError for the first thing that is wrong."""
    note = Note.parse(bundle.checkpoint, "checkpoint")
    if bundle.folder and not 0 < bundle.first <= bundle.last <= note.size:
        raise ValueError(f"{bundle.first} to {bundle.last} are not positions of {note.size} events")
    keys = policy.logs if policy else [Key.parse(each) for each in bundle.keys]
    signed = check_signed(note, keys, policy)
    tiles = None if bundle.selected else Tiles(bundle.folder or Path(), note.size, note.root)
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.executescript("PRAGMA journal_mode = OFF; BEGIN")
        order, senders = Order(bundle.from_start, database), Senders(given, database)
        last = check_events(bundle, note, tiles, order, senders)
    sealed = f"{order.sealed} states that are {SEALED}, and what their lines say of them"
    return {
        "ok": True,
        "events": order.count,
        "from": bundle.first,
        "to": last,
        "complete": [
            "some events; what is not here is not known"
            if bundle.selected
            else "no position is missing",
            f"no version of {order.streams} streams is missing, each from its first "
            + ("version on" if bundle.from_start else "to its last here"),
            "recorded from {} to {}".format(*map(moment, order.times)),
        ],
        "unaltered": [f"each event leads to the root {b64encode(note.root).decode()}"],
        **signed,
        "senders": senders.verdicts,
        "deliveries": senders.told(),
        "saved": check_saved(bundle, note, keys, tiles),
        "not checked": [UNCHECKED] + [sealed] * (order.sealed > 0),
    }


def check_events(
    bundle: Bundle, note: Note, tiles: Tiles | None, order: Order, senders: Senders
) -> int:
    """Check all events one by one; return the last position."""
    position = bundle.first
    try:
        for line in bundle.lines():
            event = Event(line)
            if tiles and event.position > position:
                raise ValueError("the event is missing")
            if not position <= event.position <= bundle.last:
                raise ValueError(f"position {event.position} does not belong here")
            position = event.position
            if included_root(event, note, tiles) != note.root:
                raise ValueError("its hash does not lead to the root: it is not what was recorded")
            order.follow(event)
            event.check_line()
            senders.see(event, bundle.from_start)
            position += 1
            show_progress(order.count, bundle.events)
        if tiles and position <= bundle.last:
            raise ValueError("the event is missing")
        if order.count != bundle.events or not order.count:
            raise ValueError(f"{bundle.events} events should be here, and {order.count} are")
    except ValueError as error:
        raise Bad(str(error), position) from error
    return position - 1


def included_root(event: Event, note: Note, tiles: Tiles | None) -> bytes:
    """Return the root that an event leads to, by the tiles or by its proof."""
    leaf, index = event.leaf(), event.position - 1
    if tiles:
        return note.root if leaf == tiles.hash(0, index) else b""
    if index >= note.size:
        raise ValueError("it is beyond the checkpoint")
    path = [b64decode(str(each), validate=True) for each in event.line.get("proof", [])]
    return proven_root(index, note.size, leaf, path)


def check_signed(note: Note, keys: list[Key], policy: Policy | None) -> Report:
    """Return by whom a checkpoint is signed; that has to be the log, and a quorum of the policy."""
    logs = [key for key in keys if key.name == note.origin and key.kind == ED25519]
    signers = [key.text for key in logs if key.signed(note) is not None]
    if not signers:
        where = "the policy" if policy else "keys"
        raise ValueError(f"checkpoint is not signed by a key that {where} has of {note.origin}")
    witnesses = policy.witnesses if policy else {}
    found = {name: key.signed(note) for name, key in witnesses.items() if key.kind == COSIGNATURE}
    times = {name: moment(time * 10**6) for name, time in found.items() if time is not None}
    if policy and not policy.reached(times):
        raise ValueError("checkpoint is not cosigned by a quorum of the policy's witnesses")
    unknown = {name for name, _, _ in note.signatures} - {witnesses[each].name for each in times}
    signed = [f"{note.origin} at {note.size} events, by {text}" for text in signers]
    signed += [f"cosigned by {name}, {time}" for name, time in times.items()]
    unknown -= {note.origin}
    signed += [f"not checked: {name}, whose key is not known" for name in sorted(unknown)]
    return {"signed": signed + [UNTRUSTED] * (not policy), "trusted": policy is not None}


UNTRUSTED = (
    "NOT TRUSTED YET: this key is the bundle's own; name the one that you got elsewhere by --policy"
)
UNCHECKED = "index.html, and in bundle.json the subject and the given ids"


def check_saved(bundle: Bundle, proven: Note, keys: list[Key], tiles: Tiles | None) -> list[str]:
    """Compare the checkpoints that were signed before with the tree, and the time stamps with them."""
    folder, compared, unsigned, stamps = bundle.folder or Path("/dev/null"), [0], 0, []
    names = {each.name for each in folder.glob("checkpoints/*")}
    sizes = sorted(int(each) for each in names if re.fullmatch("[1-9][0-9]{0,17}", each, re.ASCII))
    for size in sizes:
        note = Note.parse(contents(folder, f"checkpoints/{size}"), f"checkpoints/{size}")
        covered = tiles and bundle.first <= size <= bundle.last
        if covered or size == proven.size:
            if (note.size, note.root) != (size, tiles.root(size) if tiles else proven.root):
                what = f"from here to {size} the events do not agree with {note.file}"
                raise Bad(what, max(compared[-1] + 1, bundle.first))
            compared.append(size)
        unsigned += all(key.signed(note) is None for key in keys)
        if f"{size}.tsr" in names:
            stamps.append(stamp_of(note, contents(folder, f"{note.file}.tsr")))
    found = f"{len(compared) - 1} of {len(sizes)} checkpoints compared, and they agree"
    told = [f"{found}; {unsigned} are signed by no key that is known here"]
    return told + [f"{len(stamps)} time stamps; check the newest by {each}" for each in stamps[-1:]]


def stamp_of(note: Note, token: bytes) -> str:
    """Return the command by which openssl checks a time stamp, which has to be of this checkpoint."""
    digest = sha256(note.stamped())
    if digest.digest() not in token:
        raise ValueError(f"{note.file}.tsr is not a time stamp of {note.file}")
    # The first thing in a response is its status, a sequence, and in a bare token its kind.
    begin = 2 + (token[1] & 127 if token[1] > 127 else 0)
    form = "-in" if token[begin : begin + 1] == b"0" else "-token_in -in"
    return f"openssl ts -verify -digest {digest.hexdigest()} {form} {note.file}.tsr -CAfile CA.pem"


# ---- The command ----


def moment(microseconds: int) -> str:
    """Return a time for people, in UTC."""
    with suppress(OverflowError):
        return str(datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds))
    return f"{microseconds} µs"


def show_progress(count: int, of: int) -> None:
    """Show on a terminal how far the check is."""
    if count % 1000 == 0 and sys.stderr.isatty():
        sys.stderr.write(f"\r{count:,} of {of:,} events\r")


def told(report: Report) -> Iterator[str]:
    """Yield a report in lines for people."""
    proviso = "" if report["trusted"] else ", if the key that signed is the log's"
    where = f"{report['events']} events, positions {report['from']} to {report['to']}"
    yield f"{where}: nothing is wrong{proviso}"
    for name in ("complete", "unaltered", "signed", "deliveries", "saved", "not checked"):
        yield from (f"{name + ':':13}{line}" for line in report[name])


def senders_keys(data: bytes) -> dict[str, list[str]]:
    """Return the keys in a file: lists of secrets by the names of sources."""
    found = parsed(data, "the file")
    lists = found.values() if isinstance(found, dict) else [None]
    if not all(
        isinstance(each, list) and all(isinstance(key, str) for key in each) for each in lists
    ):
        raise ValueError('it is not JSON such as {"lab": ["whsec_…", "whpk_…"]}')
    str(found).encode()
    return dict(found)


def given(path: Path | None, kind: Callable[[bytes], Any]) -> Any:
    """Return what a file that was named in an option holds; raises WrongUsage."""
    try:
        return kind(path.read_bytes()) if path else None
    except (OSError, ValueError) as error:
        raise WrongUsage(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def shown(text: str) -> str:
    """Return text with escapes in place of what a terminal would obey."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 1 if something is wrong with the bundle, 2 for wrong usage."""
    parser = argparse.ArgumentParser("kitledger-verify", description="Check a bundle of a ledger.")
    parser.add_argument("bundle", type=Path, help="the folder of a bundle, or the file of a proof")
    parser.add_argument("--policy", type=Path, help="logs and witnesses (C2SP tlog-policy)")
    parser.add_argument("--keys", type=Path, help='senders\' keys, {"lab": ["whsec_…", "whpk_…"]}')
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    with suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        policy, keys = given(options.policy, Policy), given(options.keys, senders_keys)
        if not options.bundle.exists():
            raise WrongUsage(f"{options.bundle} does not exist")
        report = check(Bundle.open(options.bundle), policy, keys or {})
    except WrongUsage as error:
        sys.stderr.write(f"kitledger-verify: {shown(str(error))}\n")
        return 2
    except Bad as error:
        report = {"ok": False, "position": error.position, "problem": error.what}
    except KeyboardInterrupt:
        return 130
    except (ValueError, OSError, sqlite3.Error, MemoryError, RecursionError) as error:
        report = {"ok": False, "position": None, "problem": str(error)}
    if options.json:
        sys.stdout.write(f"{json.dumps(report)}\n")
    elif report["ok"]:
        sys.stdout.write("".join(f"{shown(line)}\n" for line in told(report)))
    else:
        where = "" if report["position"] is None else f"position {report['position']}: "
        sys.stderr.write(f"{where}{shown(report['problem'])}\n")
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
