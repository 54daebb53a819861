"""Keys of witnesses, which cosign checkpoints."""

from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.tlog.notes import COSIGNATURE, Signature, VerifierKey, cosigned


@dataclass(frozen=True)
class WitnessKey:
    """A witness's key and name."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """Return the public key."""
        return VerifierKey(self.name, COSIGNATURE, self.private.public_key().public_bytes_raw())

    def cosign(self, text: str, time: int) -> Signature:
        """Return the cosignature of a checkpoint at a time, in seconds since 1970."""
        made = time.to_bytes(8, "big") + self.private.sign(cosigned(time, text))
        return Signature(self.name, self.verifier.id, made)


def witness_key(name: str) -> WitnessKey:
    """Make the key of a witness: always the same one for a name, so that tests have the same names."""
    return WitnessKey(name, Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()))
