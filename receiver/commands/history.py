"""kitledger history and replay: what happened to one thing, to some, or to everything."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from receiver.commands.shared import as_json, open_services
from receiver.commands.source_options import as_time
from receiver.commands.terminal import printable

if TYPE_CHECKING:
    from audit.replay import Replay
    from domain.ledger import Ledger

Command = Callable[..., Any]
THINGS = {
    "kit": "The kit with this barcode.",
    "report": "The report with this id.",
    "registration": "The registration of a profile with this id.",
    "kit-registration": "The kit registration with this id.",
    "group": "The group with this ORGANIZATION/ID.",
    "source": "The source with this name.",
    "client": "The client with this id.",
}
"""The things that have an option; its name is their kind."""
POSITION = click.IntRange(1, 2**63 - 1)


def takes_things(command: Command) -> Command:
    """Add an option for each kind of thing; each may be given several times."""
    for kind, meaning in reversed(THINGS.items()):
        name = kind.replace("-", "_")
        command = click.option(f"--{kind}", name, multiple=True, help=meaning)(command)
    return command


@click.command()
@click.argument("kind")
@click.argument("id")
@as_json
def history(kind: str, id: str, as_json: bool) -> None:  # noqa: A002 the argument's name
    """Print the history of the thing ID of a KIND, such as `kit 67` or `group 21437/67890`, oldest first.

    Each event has what it changed, by whom, when it was recorded, and why.
    """
    from receiver.commands.stories import print_entries

    with _replaying(1, None) as replay:
        stream = stream_of(replay.histories.ledger, kind, id)
        print_entries(replay.of_streams([stream]), replay.last, as_json=as_json)


@click.command()
@takes_things
@click.option("--from", "first", type=POSITION, default=1, help="Begin at this position.")
@click.option(
    "--to",
    "ends",
    multiple=True,
    help="End at this position; or the address to which the recorded webhooks are sent again, as `forward`"
    " sends them. Both may be given.",
)
@click.option(
    "--name", default="default", help="Of the forward whose secret signs, with an address."
)
@click.option("--as-of", callback=as_time, help="End at this time, with the state of the things.")
@as_json
def replay(
    first: int,
    ends: tuple[str, ...],
    name: str,
    as_of: datetime | None,
    as_json: bool,
    **things: tuple[str, ...],
) -> None:
    """Print what happened, in the order in which it was recorded: to some things, or to everything."""
    from audit.entries import subject
    from receiver.commands.resending import resend, split_ends
    from receiver.commands.stories import print_entries, print_state, progress

    last, target = split_ends(ends)
    if target is not None:
        if any(things.values()) or as_of is not None:
            raise click.UsageError("What is sent again is chosen by --from and --to.")
        resend(target, name, first, last)
        return
    if as_of is not None and last is not None:
        raise click.UsageError("Give --to or --as-of, not both.")
    with _replaying(first, last, as_of) as replaying:
        ledger = replaying.histories.ledger
        named = [(name.replace("_", "-"), key) for name, keys in things.items() for key in keys]
        streams = list(dict.fromkeys(stream_of(ledger, kind, key) for kind, key in named))
        found = replaying.of_streams(streams) if streams else replaying.of_everything()
        with progress(first, replaying.last) as advance:
            print_entries(_each(found, advance), replaying.last, as_json=as_json)
        for stream in streams if as_of is not None else ():
            thing, state = subject(stream), replaying.state(stream)
            print_state(thing.kind, thing.id, state, replaying.last, as_json=as_json)


def _each(entries: Iterable[Any], advance: Callable[[Any], None]) -> Iterator[Any]:
    for entry in entries:
        yield entry
        advance(entry)


@contextmanager
def _replaying(first: int, last: int | None, as_of: datetime | None = None) -> "Iterator[Replay]":
    """Open a replay up to a position or a time, or to the end."""
    from audit.history import Histories
    from audit.moments import position_at
    from audit.replay import Replay
    from receiver import dates
    from receiver.shown_values import show

    with open_services(migrate=False, read_models=False) as services:
        head = services.ledger.store.max_notification_id()
        if as_of is not None:
            last = position_at(services.ledger.store, as_of, dates.utc_now())
            if last is None:
                raise click.ClickException("--as-of is later than now, and than the last event")
        yield Replay(
            Histories(services.ledger, show), first, head if last is None else min(last, head)
        )


def stream_of(ledger: "Ledger", kind: str, key: str) -> str:
    """Return the name of the stream of a thing; raises ClickException if there is none."""
    from domain.aggregate import Aggregate

    known = Aggregate.by_category.get(kind)
    if known is None:
        kinds = ", ".join(sorted(Aggregate.by_category))
        raise click.ClickException(printable(f"there is no kind {kind}; there are {kinds}"))
    is_possible = known.key_type is str or (key.isascii() and key.isdecimal())
    stream = f"{kind}/{key}"
    if not is_possible or not ledger.streams.stream_versions([stream])[stream]:
        raise click.ClickException(printable(f"there is no {kind} {key}"))
    return stream
