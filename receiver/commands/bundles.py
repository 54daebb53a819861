"""kitledger audit export and import: a part of the ledger with its proof, as files for others."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from receiver.commands.history import POSITION, stream_of, takes_things
from receiver.commands.shared import ID, open_services
from receiver.commands.terminal import printable

if TYPE_CHECKING:
    from audit.entries import Subject
    from audit.reviews import Reviewed
    from domain.ledger import Ledger
    from receiver.services import Services

FORMATS = ("jsonl", "parquet")
NOT_IMPORTED = (
    "Sources, clients and their secrets are not in a bundle: add those that this ledger is to serve by"
    " `kitledger sources add` and `kitledger clients add`."
)


@click.command()
@click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the bundle: a new one, or that of an export that was ended.",
)
@click.option("--from", "first", type=POSITION, default=1, help="Begin at this position.")
@click.option("--to", "last", type=POSITION, help="End at this position.")
@takes_things
@click.option("--review", "review_id", type=ID, help="What the review with this id is about.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="jsonl", show_default=True)
def export(
    folder: Path,
    first: int,
    last: int | None,
    review_id: int | None,
    form: str,
    **things: tuple[str, ...],
) -> None:
    """Write events, what was delivered, and the proof of them to a folder: everything, or about some things.

    `kitledger-verify` checks it without the ledger, and index.html in it is for people. Without --to it ends
    where the newest checkpoint does; one is signed first where the key is. An export that was ended goes on
    when it is run again.
    """
    from audit.bundles.exporting import export as write
    from audit.bundles.formats import format_of
    from audit.bundles.wanted import Wanted

    if review_id is not None and (any(things.values()) or first > 1 or last is not None):
        raise click.UsageError("A review names its positions: give --review alone.")
    with open_services(migrate=False, read_models=False) as services:
        _sign_if_possible(services, last)
        ledger = services.ledger
        wanted = Wanted(
            format_of(form),
            first,
            last,
            tuple(_subjects(ledger, things)),
            _review(ledger, review_id),
        )
        with _progress("Exporting") as advance:
            made = write(ledger, services.tlog, folder, wanted, advance)
    events = f"{made.count} event{'s' * (made.count != 1)}"
    click.echo(f"{folder} holds {events} from position {made.first} to {made.last}.")


@click.command("import")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
def import_(folder: Path) -> None:
    """Bring the bundle in FOLDER into an empty ledger, and check that it is the same log.

    The bundle has to hold all events from position 1 on. An import that was ended goes on when it is run
    again. Nothing is recorded but what the bundle holds.
    """
    from audit.bundles.bundle import Bundle
    from audit.bundles.folder import Folder
    from audit.bundles.importing import Import

    with open_services(create=True) as services, _progress("Importing") as advance:
        bundle = Bundle(Folder(folder))
        Import(services.ledger, services.tlog, bundle, advance).run()
    for each in bundle.signers:
        click.echo(f"Signed by {each}: compare this key with the one that you were given.")
    click.echo(NOT_IMPORTED)
    root = b64encode(bundle.root).decode()
    click.echo(f"The ledger holds the events up to position {bundle.contents.last}, root {root}.")


def _sign_if_possible(services: "Services", last: int | None) -> None:
    """Sign a checkpoint where the key is, unless one covers what is to be exported."""
    from audit.tlog.storage import newest_checkpoint
    from receiver.transparency import sign_now, signer

    wanted = services.ledger.store.max_notification_id() if last is None else last
    if signer(services).keys.exists() and newest_checkpoint(services.tlog, wanted) is None:
        sign_now(services)


def _subjects(ledger: "Ledger", things: dict[str, tuple[str, ...]]) -> "Iterator[Subject]":
    from audit.entries import Subject, subject

    for name, keys in things.items():
        for key in dict.fromkeys(keys):
            found = subject(stream_of(ledger, name.replace("_", "-"), key))
            yield Subject(found.kind, found.id)


def _review(ledger: "Ledger", review_id: int | None) -> "Reviewed | None":
    from audit.reviews import review

    if review_id is None:
        return None
    found = review(ledger, review_id, until=ledger.store.max_notification_id())
    if found is None:
        raise click.ClickException(printable(f"there is no review {review_id}"))
    return found


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int], None]]:
    """Show on standard error which position is reached, when that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress, TextColumn

    console = Console(stderr=True)
    columns = (*Progress.get_default_columns()[:1], TextColumn("position {task.completed}"))
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bars:
        bar = bars.add_task(what, total=None)
        yield lambda position: bars.update(bar, completed=position)
