"""Making, rotating and retiring the keys that sign checkpoints."""

from audit.tlog.key_file import KeyFile, SignerError
from audit.tlog.notes import NoteError, SignerKey, VerifierKey


class KeyChanges:
    """Change the keys of a file; while there are several, each signs every checkpoint."""

    def __init__(self, keys: KeyFile) -> None:
        self._keys = keys

    def make(self, name: str) -> None:
        """Make the first key; raises SignerError for a name that no key can have."""
        with self._keys.locked():
            if not self._keys.exists():
                self._keys.write([_generate(name)])

    def rotate(self) -> None:
        """Add a key, which is the first from now on."""
        with self._keys.locked():
            before = self._keys.read()
            self._keys.write([_generate(before[0].name), *before])

    def retire(self, key_id: str) -> VerifierKey:
        """Remove the key with an id, and return it; raises SignerError when there is none, or no other."""
        with self._keys.locked():
            before = self._keys.read()
            kept = [each for each in before if each.verifier.id.hex() != key_id]
            if not kept or kept == before:
                ids = ", ".join(each.verifier.id.hex() for each in before)
                raise SignerError(f"only one of several keys can be retired: there are {ids}")
            self._keys.write(kept)
            (retired,) = (each.verifier for each in before if each not in kept)
            return retired


def _generate(name: str) -> SignerKey:
    try:
        return SignerKey.generate(name)
    except NoteError as error:
        raise SignerError(str(error)) from None
