"""kitledger audit verify: every event against the tiles, and the tree against signed checkpoints."""

import sys
from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from receiver.commands.shared import as_json, open_services, print_json
from receiver.commands.terminal import printable

if TYPE_CHECKING:
    from audit.tlog.hashed_blocks import HashedBlock
    from audit.tlog.policies import Policy
    from audit.tlog.verification import Fault, Kept, Verification
    from receiver.services import Services

WORTH_PROCESSES = 200_000
"""The number of events from which on several processes verify, each of which takes a second to start."""
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--against", type=FILE, multiple=True, help="A checkpoint that was kept elsewhere.")
@click.option(
    "--policy",
    type=FILE,
    help="The keys that it, or else some saved checkpoint, has to be signed by: C2SP's tlog-policy.",
)
@as_json
def verify(against: tuple[Path, ...], policy: Path | None, as_json: bool) -> None:
    """Verify that no event was changed, removed, inserted or moved; the exit status is 1 if any was.

    Compares each event with its hash, the hashes with the tiles above them, and the tree with every saved
    checkpoint, with the last one beside the signer's key, and with those given by --against. The first
    bad position is named. The ledger may be in use. Cosignatures of witnesses are verified with --policy
    alone.
    """
    from rich.console import Console
    from rich.progress import Progress

    from audit.tlog.verification import Fault, Verification

    console = Console(stderr=True)
    bars = Progress(console=console, transient=True, disable=not console.is_terminal)
    verification = None
    with open_services(migrate=False, read_models=False) as services, bars:
        bar = bars.add_task("Verifying", total=None)
        try:
            kept = _kept(services, against, policy)
            head = services.ledger.store.max_notification_id
            verification = Verification(services.tlog, head, kept)
            verification.run(
                _blocks(services, verification.head),
                lambda done, total: bars.update(bar, completed=done, total=total),
            )
            fault = None
        except Fault as found:
            fault = found
    if as_json:
        print_json(_document(verification, fault))
    elif fault is None:
        assert verification is not None, "there is no fault"
        click.echo(_summary(verification, "the policy asks for" if policy else "signed"))
    else:
        click.echo(printable(f"{_place(fault)}: {fault.what}"))
    if fault is not None:
        sys.exit(1)


def _blocks(services: "Services", head: int) -> "Iterator[HashedBlock]":
    """Return the hashed blocks of the log; by several processes where that is worth their start."""
    from audit.tlog.hashed_blocks import blocks, hashed_by_processes, hashed_here
    from receiver.processors import processors
    from receiver.transparency import log_of, open_log

    if head < WORTH_PROCESSES or processors() == 1:
        return hashed_here(log_of(services), blocks(head))
    return hashed_by_processes(partial(open_log, services.settings), processors(), blocks(head))


def _kept(services: "Services", against: tuple[Path, ...], policy: Path | None) -> "list[Kept]":
    """Return the checkpoints to compare with; raises ClickException for a file that can't be trusted."""
    from audit.tlog.kept import given, keys_in_log, last_signed, saved
    from audit.tlog.notes import NoteError
    from audit.tlog.policies import PolicyError
    from receiver.transparency import signer

    trusted, keys = _policy(policy), signer(services).keys
    try:
        own = [key.verifier for key in keys.read()] if keys.exists() else []
        logs = trusted.logs if trusted else []
        known = [*logs, *own, *keys_in_log(services.ledger.streams)]
        found = []
        for file in against:
            each, note = given(file.read_text(encoding="utf-8"), str(file), known)
            if trusted is not None:
                trusted.check(note)
            found.append(each)
        found += saved(services.tlog, known, trusted)
        found += last_signed(keys, trusted=trusted is None)
    except (NoteError, PolicyError, UnicodeDecodeError) as error:
        raise click.ClickException(printable(str(error))) from error
    if trusted is not None and not any(each.is_trusted for each in found):
        raise click.ClickException("no saved checkpoint satisfies the policy")
    return found


def _policy(file: Path | None) -> "Policy | None":
    from audit.tlog.policies import Policy, PolicyError

    try:
        return None if file is None else Policy.parse(file.read_text(encoding="utf-8"))
    except (PolicyError, UnicodeDecodeError) as error:
        raise click.BadParameter(printable(f"{file}: {error}"), param_hint="--policy") from error


def _place(fault: "Fault") -> str:
    if fault.first == fault.last:
        return f"position {fault.first}"
    return f"positions {fault.first} to {fault.last}"


def _summary(verification: "Verification", words: str) -> str:
    root = b64encode(verification.root).decode()
    found = f"Verified {verification.events} events, root {root}: nothing was altered"
    if not verification.agreed:
        return f"{found} since they were hashed. No signed checkpoint says so."
    return f"{found}, and the first {verification.agreed} are as {words}."


def _document(verification: "Verification | None", fault: "Fault | None") -> dict[str, object]:
    events = 0 if verification is None else verification.events
    bad = {} if fault is None else {"first": fault.first, "last": fault.last, "what": fault.what}
    root = b64encode(verification.root).decode() if verification and not fault else None
    signed = 0 if verification is None else verification.agreed
    return {"events": events, "root": root, "signed": signed, "fault": bad or None}
