"""The proof that one entry stands in the log, in a text of its own (https://c2sp.org/tlog-proof)."""

from base64 import b64encode
from collections.abc import Sequence

HEADER = "c2sp.org/tlog-proof@v1"


def proof_text(index: int, hashes: Sequence[bytes], note: str) -> str:
    """Return the proof of an entry by its index, the hashes up to the root, and a signed checkpoint."""
    lines = [HEADER, f"index {index}", *(b64encode(each).decode() for each in hashes)]
    return "\n".join(lines) + f"\n\n{note}"
