"""Signed notes, and the keys that sign and verify them (https://c2sp.org/signed-note)."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519, COSIGNATURE = 1, 4
"""The types of signatures that are known here; https://c2sp.org/tlog-cosignature is the second."""
LONGEST_NOTE = 64 * 1024
PRIVATE = "PRIVATE+KEY+"
_NAME = re.compile(r"[^\s+]+")
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_ID_BYTES = 4
_TIME_BYTES = 8


class NoteError(ValueError):
    """A note or a key is malformed, or a signature of a known key does not hold."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key: its name, the type of its signatures, and 32 bytes."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """Return the four bytes by which signatures name the key."""
        named = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return sha256(named).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        """Return its text, as programs and people exchange it."""
        encoded = b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Return the key that a text names; raises NoteError."""
        name, key_id, encoded = _parts(text)
        key = cls(name, encoded[0], encoded[1:])
        if key.kind not in {ED25519, COSIGNATURE} or key.id.hex() != key_id:
            raise NoteError("the key has an unknown type, or an id that is not its own")
        return key

    def verify(self, signature: "Signature", text: str) -> bool:
        """Say whether a signature of this key holds for a text."""
        signed, made = text.encode(), signature.made
        if self.kind == COSIGNATURE:
            time, made = made[:_TIME_BYTES], made[_TIME_BYTES:]
            signed = cosigned(int.from_bytes(time, "big"), text)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(made, signed)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class SignerKey:
    """A private key of type ED25519 with its name."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> "SignerKey":
        """Make a key; raises NoteError for a name that no key can have."""
        if not _NAME.fullmatch(name) or not name.isprintable():
            raise NoteError("the name of a key has no white space and no plus sign")
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, text: str) -> "SignerKey":
        """Return the key of a line of a key file; raises NoteError, which quotes nothing of it."""
        if not text.startswith(PRIVATE):
            raise NoteError(f"the key does not begin with {PRIVATE}")
        name, key_id, encoded = _parts(text.removeprefix(PRIVATE))
        key = cls(name, Ed25519PrivateKey.from_private_bytes(encoded[1:]))
        if encoded[0] != ED25519 or key.verifier.id.hex() != key_id:
            raise NoteError("the key has an unknown type, or an id that is not its own")
        return key

    @property
    def verifier(self) -> VerifierKey:
        """Return the public key."""
        return VerifierKey(self.name, ED25519, self.private.public_key().public_bytes_raw())

    def renamed(self, name: str) -> "SignerKey":
        """Return the same key with another name, and so another id."""
        return SignerKey(name, self.private)

    def to_text(self) -> str:
        """Return the line of a key file, in the form that Go's packages for notes use."""
        encoded = b64encode(bytes([ED25519]) + self.private.private_bytes_raw()).decode()
        return f"{PRIVATE}{self.name}+{self.verifier.id.hex()}+{encoded}"

    def sign(self, text: str) -> "Signature":
        """Return the signature of a text."""
        return Signature(self.name, self.verifier.id, self.private.sign(text.encode()))


@dataclass(frozen=True)
class Signature:
    """A line below a note: the name and the id of a key, and what it signed."""

    name: str
    key_id: bytes
    made: bytes

    def __str__(self) -> str:
        """Return the line, without its end."""
        return f"— {self.name} {b64encode(self.key_id + self.made).decode()}"

    @classmethod
    def parse(cls, line: str) -> "Signature":
        """Return the signature of a line, which has one form only; raises NoteError."""
        found = _LINE.fullmatch(line)
        try:
            raw = b64decode(found[2], validate=True) if found else b""
        except ValueError:
            raw = b""
        # The last character may have bits that decoding leaves out.
        if found is None or len(raw) <= _ID_BYTES or b64encode(raw).decode() != found[2]:
            raise NoteError("a line below the text is not a signature")
        return cls(found[1], raw[:_ID_BYTES], raw[_ID_BYTES:])

    @property
    def key(self) -> tuple[str, bytes]:
        """Return what names its key."""
        return self.name, self.key_id


@dataclass(frozen=True)
class Note:
    """A text that ends in a line feed, and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """Return the note as it is stored and sent."""
        return f"{self.text}\n{''.join(f'{each}{chr(10)}' for each in self.signatures)}"

    @classmethod
    def parse(cls, note: str) -> "Note":
        """Return the note of a text; raises NoteError."""
        text, blank, lines = note.rpartition("\n\n")
        controls = any(each < " " and each != "\n" for each in note)
        if not blank or controls or len(note) > LONGEST_NOTE or not lines.endswith("\n"):
            raise NoteError("this is not a signed note")
        return cls(text + "\n", tuple(map(Signature.parse, lines.removesuffix("\n").split("\n"))))

    def signed(self, keys: Sequence[SignerKey]) -> "Note":
        """Return the note with the signatures of these keys before those that it has."""
        return Note(self.text, (*(key.sign(self.text) for key in keys), *self.signatures))

    def signers(self, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
        """Return those of some keys that signed it; raises NoteError for a false signature of one of them."""
        found = []
        for key in keys:
            for signature in self.signatures:
                if signature.key == (key.name, key.id):
                    if not key.verify(signature, self.text):
                        raise NoteError(f"the signature of {key.name} does not hold")
                    found.append(key)
                    break
        return found


def cosigned(time: int, text: str) -> bytes:
    """Return the bytes that a cosignature signs, at a time in seconds since 1970."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _parts(text: str) -> tuple[str, str, bytes]:
    """Return the name, the id and the decoded bytes of a key's text; raises NoteError."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        raw = b64decode(encoded, validate=True)
    except ValueError:
        raw = b""
    if not _NAME.fullmatch(name) or not name.isprintable() or len(raw) != 1 + 32:
        raise NoteError("a key is NAME+ID+BASE64, with 32 bytes behind its type")
    return name, key_id, raw
