"""The transparency log of these services: its signer, its newest checkpoint, and proofs under it."""

from contextlib import suppress
from typing import cast

from audit.tlog.anchor_lags import AnchorLag, lags
from audit.tlog.anchoring import StampAnchor, WitnessAnchor
from audit.tlog.anchors import Anchor
from audit.tlog.builder import Altered, TreeBuilder
from audit.tlog.checkpoints import Checkpoint
from audit.tlog.hashed_blocks import Log
from audit.tlog.key_file import KeyFile
from audit.tlog.merkle import ProofError, check_inclusion, inclusion_proof
from audit.tlog.notes import Note
from audit.tlog.proofs import proof_text
from audit.tlog.signer import Signer
from audit.tlog.storage import newest_checkpoint
from audit.tlog.witnesses import parse_witnesses
from receiver.services import Services, assemble
from receiver.settings import Settings
from store.mapper import Mapper


def signer(services: Services) -> Signer:
    """Return the signer, which has keys only where their file is."""
    return Signer(KeyFile(services.settings.checkpoint_key_file), services.tlog)


def sign_now(services: Services) -> tuple[Checkpoint, Note]:
    """Sign the log as it is now, after hashing what is not hashed yet; raises SignerError, Altered."""
    builder = TreeBuilder(services.ledger.store, services.tlog)
    head = services.ledger.store.max_notification_id()
    while builder.step() < head:
        pass
    return signer(services).sign()


def anchors(services: Services) -> list[Anchor]:
    """Return the witnesses and the stamping authority of the settings."""
    settings, storage = services.settings, services.tlog
    witnesses = parse_witnesses(settings.witness_urls)
    stamps = [StampAnchor(settings.timestamp_url, storage)] if settings.timestamp_url else []
    return [*(WitnessAnchor(each, storage) for each in witnesses), *stamps]


def anchor_lags(services: Services) -> list[AnchorLag]:
    """Return how far the ledger is ahead of what each anchor has confirmed."""
    store = services.ledger.store
    names = [each.name for each in anchors(services)]
    return lags(services.tlog, store, names) if names else []


def tlog_proof(services: Services, position: int) -> str | None:
    """Return the proof of the event at a position under the newest checkpoint; None if none covers it.

    Raises Altered when the tiles are not those of the checkpoint.
    """
    found = newest_checkpoint(services.tlog, covering=position)
    if found is None or position < 1:
        return None
    checkpoint, note = found
    index, size = position - 1, checkpoint.size
    for nodes in (services.tlog.nodes(size, index), services.tlog.nodes()):
        hashes = inclusion_proof(nodes, index, size)
        # A tile that was kept may be that of a ledger of before, which was restored meanwhile.
        with suppress(ProofError):
            check_inclusion(nodes.node(0, index), index, size, hashes, checkpoint.root)
            return proof_text(index, hashes, str(note))
    raise Altered(position, "the tiles are not those of the checkpoint")


def log_of(services: Services) -> Log:
    """Return what is needed to hash the log for its verification."""
    return services.ledger.store, cast(Mapper, services.ledger.mapper).facts


def open_log(settings: Settings) -> Log:
    """Open the log in a process of its own."""
    return log_of(assemble(settings))
