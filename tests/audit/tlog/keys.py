"""Keys of logs that are the same in every run, so that tests have the same names."""

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.tlog.notes import SignerKey


def log_key(name: str) -> SignerKey:
    """Return the key of a log."""
    return SignerKey(name, Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()))
