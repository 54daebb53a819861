"""kitledger audit key, checkpoint, prove: the signer's key, signed checkpoints, and proofs under them."""

import socket
from typing import TYPE_CHECKING, Any

import click

from receiver.commands.shared import open_services, operator_cause, takes_why

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from audit.tlog.key_file import KeyFile
    from domain.aggregate import Event
    from receiver.services import Services


@click.command()
@click.option("--name", help="The origin of a new log's checkpoints, such as lab.example/ledger.")
@click.option("--rotate", is_flag=True, help="Make a key that signs beside the older ones.")
@click.option("--retire", metavar="ID", help="Let the key with this id sign no more.")
@takes_why()
def key(name: str | None, rotate: bool, retire: str | None, why: str | None) -> None:
    """Make the key that signs checkpoints, if there is none, and show its verifier key.

    Auditors need the verifier key: give it to them by another way than the checkpoints. The key itself is
    a file for its owner alone, never in the database. Where the file is elsewhere, the keys that sign are
    shown as the log says; no other key is made.
    """
    from audit.tlog.key_changes import KeyChanges
    from domain.aggregates.transparency_log import TransparencyLog

    with open_services() as services:
        keys = _key_file(services)
        changes = KeyChanges(keys)
        known = _known_keys(services)
        save = _recorder(services, why)
        if not keys.exists() and known and not (rotate or retire or name):
            click.echo(f"the key itself is not at {keys.path}: nothing is signed here", err=True)
            _show(known)
            return
        if not keys.exists():
            _refuse_another(known, keys.path)
            changes.make(socket.gethostname() + "/kitledger" if name is None else name)
        elif name not in {None, keys.read()[0].name}:
            raise click.UsageError(
                f"The origin is {keys.read()[0].name}: only a new log, or `audit checkpoint"
                " --new-origin`, has another."
            )
        if rotate:
            changes.rotate()
        if retire is not None:
            retired = changes.retire(retire)
            save(TransparencyLog.KeyRetired, verifier_key=str(retired))
        verifiers = [str(each.verifier) for each in keys.read()]
        # Those of a command before that was killed between the file and the log, too.
        for each in [each for each in reversed(verifiers) if each not in known]:
            save(TransparencyLog.KeyAdded, verifier_key=each)
    _show(verifiers)


@click.command()
@click.option("--new-origin", is_flag=True, help="Begin a new origin, after a restore.")
@takes_why()
def checkpoint(new_origin: bool, why: str | None) -> None:
    """Sign the size and the root of the log as it is now, and print the checkpoint.

    A log that does not extend the last checkpoint signed is refused: it was restored to an earlier state,
    or altered. After a restore, or if the key is lost, --new-origin --why lets its checkpoints begin anew,
    under another name.
    """
    from receiver.transparency import sign_now

    if new_origin and not why:
        raise click.UsageError("A new origin needs a reason: --why.")
    with open_services() as services:
        if new_origin:
            _begin_origin(services, why)
        _, note = sign_now(services)
    click.echo(str(note), nl=False)


@click.command()
@click.argument("position", type=click.IntRange(1))
def prove(position: int) -> None:
    """Print the proof that the event at POSITION is in the log, under the newest checkpoint.

    In the form of https://c2sp.org/tlog-proof.
    """
    from receiver.transparency import tlog_proof

    with open_services(migrate=False, read_models=False) as services:
        text = tlog_proof(services, position)
        head = services.ledger.store.max_notification_id()
    if text is None and position > head:
        raise click.ClickException(f"the ledger ends at position {head}")
    if text is None:
        raise click.ClickException(
            f"no checkpoint covers position {position}: `kitledger audit checkpoint` signs one"
        )
    click.echo(text, nl=False)


def _known_keys(services: "Services") -> list[str]:
    """Return the verifier keys that sign now, as the log says, the newest first."""
    from domain.aggregates.transparency_log import TransparencyLog

    log = services.ledger.streams.load(TransparencyLog, TransparencyLog.create_id())
    return log.verifier_keys[::-1]


def _refuse_another(known: list[str], path: "Path") -> None:
    """Raise ClickException if the log has a key already: a second one would sign another log."""
    if known:
        raise click.ClickException(
            f"{known[0]} signs this log, and its file is not at {path}: move it there. If it is lost,"
            " `kitledger audit checkpoint --new-origin --why` begins a new origin with a new key."
        )


def _show(verifiers: list[str]) -> None:
    for each in verifiers:
        click.echo(each)


def _begin_origin(services: "Services", why: str | None) -> None:
    from domain.aggregates.transparency_log import TransparencyLog
    from receiver.transparency import signer

    last = _key_file(services).last()
    known = _known_keys(services)
    before = known[0].partition("+")[0] if known else None
    keys = [str(each.verifier) for each in signer(services).begin_origin(before)]
    save = _recorder(services, why)
    save(TransparencyLog.OriginBegun, verifier_keys=keys, last_checkpoint=last)


def _key_file(services: "Services") -> "KeyFile":
    from receiver.transparency import signer

    return signer(services).keys


def _recorder(services: "Services", why: str | None) -> "Callable[..., None]":
    """Return what records events of the log of this command, which is the one cause of all."""
    from domain.aggregates.transparency_log import TransparencyLog
    from domain.use_cases.administration import record
    from receiver import dates

    caused = services.ledger.caused_by(operator_cause(why))

    def save(event_class: "type[Event]", **values: Any) -> None:
        record(caused, TransparencyLog.create_id(), event_class, now=dates.utc_now(), **values)

    return save
