"""The checkpoints that a ledger has to agree with, and the keys whose signatures they need."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from audit.deliveries import EVERYTHING
from audit.tlog.checkpoints import parse_note
from audit.tlog.key_file import KeyFile
from audit.tlog.notes import Note, NoteError, VerifierKey
from audit.tlog.policies import Policy, PolicyError
from audit.tlog.storage import TlogStorage
from audit.tlog.verification import Fault, Kept
from domain.aggregates.transparency_log import TransparencyLog
from domain.stream_repository import StreamRepository


def keys_in_log(streams: StreamRepository, until: int = EVERYTHING) -> list[VerifierKey]:
    """Return all keys that signed up to a position, as the log's own events say; raises NoteError."""
    found: dict[str, None] = {}
    for stored in streams.store.select_streams([TransparencyLog.create_id()], until):
        event = streams.decode(stored)
        if isinstance(event, TransparencyLog.KeyAdded):
            found[event.verifier_key] = None
        if isinstance(event, TransparencyLog.OriginBegun):
            found.update(dict.fromkeys(event.verifier_keys))
    return [VerifierKey.parse(each) for each in found]


def given(note: str, name: str, keys: Iterable[VerifierKey]) -> tuple[Kept, Note]:
    """Return a checkpoint that was kept elsewhere; raises NoteError unless one of these keys signed it."""
    checkpoint, parsed = parse_note(note)
    if not parsed.signers(keys):
        raise NoteError(f"{name} is not signed by a key of this log")
    return Kept(checkpoint, name), parsed


def saved(
    storage: TlogStorage, keys: Sequence[VerifierKey], policy: Policy | None = None
) -> list[Kept]:
    """Return the checkpoints in the database; raises Fault for one that no known key has signed.

    With a policy, those that satisfy it are trusted: the newest may not be cosigned yet.
    """
    found = []
    for row in storage.checkpoints():
        name = f"the saved checkpoint {row.origin} {row.size}"
        try:
            kept, note = given(row.note, name, keys)
        except NoteError as error:
            raise Fault(1, f"the first {row.size} events: {error}", row.size) from None
        if (kept.checkpoint.origin, kept.checkpoint.size) != (row.origin, row.size):
            raise Fault(1, f"{name} is one of {kept.checkpoint.size} events", row.size)
        found.append(replace(kept, is_trusted=policy is None or _satisfies(note, policy)))
    return found


def _satisfies(note: Note, policy: Policy) -> bool:
    try:
        policy.check(note)
    except PolicyError:
        return False
    return True


def last_signed(keys: KeyFile, *, trusted: bool) -> list[Kept]:
    """Return the last checkpoint beside the signer's key, where that is."""
    last = keys.last() if keys.exists() else None
    if last is None:
        return []
    verifiers = [key.verifier for key in keys.read()]
    kept, _ = given(last, "the last checkpoint signed", verifiers)
    return [replace(kept, is_trusted=trusted)]
