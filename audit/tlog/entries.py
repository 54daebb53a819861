"""The entries of the log: a small canonical text for each event, and bundles of them."""

from collections.abc import Iterable
from hashlib import sha256
from json.encoder import encode_basestring_ascii as quoted

from audit.tlog.merkle import leaf_hash
from store.stored_rows import HashedRow, StoredRow

NO_ENTRY = "its row has values that no event has"


class NoEntry(ValueError):
    """A row has values of other types than the program stores."""

    def __init__(self, position: object) -> None:
        super().__init__(f"position {position}: {NO_ENTRY}")


def entry_of(row: StoredRow) -> bytes:
    """Return the entry of a stored event; raises NoEntry for a row that the program can't have stored."""
    position, stream, version, topic, state, _, _, _, recorded_at = row
    try:
        digest = sha256(state).hexdigest()
    except TypeError:
        raise NoEntry(position) from None
    return hashed_entry((position, recorded_at, stream, version, topic, digest))


def leaf_of(row: StoredRow) -> bytes:
    """Return the hash of the leaf that a stored event has in the log; raises NoEntry."""
    return leaf_hash(entry_of(row))


def hashed_entry(row: HashedRow) -> bytes:
    """Return the entry of an event: JSON in ASCII, in this order, without white space.

    The recorded time is in microseconds since 1970. The state is named by its SHA-256, so an entry is small
    and gives nothing of it away. Raises NoEntry.
    """
    position, recorded_at, stream, version, topic, digest = row
    if type(recorded_at) is not int or type(version) is not int:
        raise NoEntry(position)
    try:
        return (
            f'{{"position":{position},"recorded_at":{recorded_at},"stream":{quoted(stream)},'
            f'"version":{version},"topic":{quoted(topic)},"state":"{digest}"}}'
        ).encode()
    except TypeError:
        raise NoEntry(position) from None


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Return entries one after the other, each behind its length in two bytes (tlog-tiles, log entries)."""
    return b"".join(len(each).to_bytes(2, "big") + each for each in entries)
