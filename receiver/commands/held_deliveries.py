"""Choosing the held deliveries that a command is about, and treating many of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from receiver.commands.shared import ID
from receiver.commands.source_options import as_time
from receiver.commands.terminal import printable

if TYPE_CHECKING:
    from domain.ledger import CausedLedger
    from receiver.services import Services

T = TypeVar("T")
Command = Callable[..., Any]
AT_ONCE = 100
"""How many are treated in one transaction, during which webhooks wait."""
MOST_NAMED = 10


def takes_filters(command: Command) -> Command:
    """Add the options that choose held deliveries by what they have in common."""
    reasons = click.Choice(["conflict", "invalid", "not-json"])
    for option in (
        click.option("--before", callback=as_time, help="Those received before this time."),
        click.option("--reason", type=reasons, help="Those held for this reason."),
        click.option("--source", help="Those of this source."),
    ):
        command = option(command)
    return command


def takes_held(command: Command) -> Command:
    """Add the ids of held deliveries, and the options that choose them instead."""
    return click.argument("ids", type=ID, nargs=-1)(takes_filters(command))


def held_rows(
    services: "Services", *, before: datetime | None = None, **filters: Any
) -> list[dict[str, Any]]:
    """Return the rows of deliveries that pass the filters, oldest first."""
    from projections.models.quarantine import PROJECTION

    head = services.ledger.store.max_notification_id()
    with services.read_database.snapshot(PROJECTION.name, head) as snapshot:
        rows = PROJECTION.all(snapshot, before=before, **filters)
    if snapshot.lag:
        behind = f"this list is {snapshot.lag} events behind"
        click.echo(f"No projector is at work: {behind}.", err=True)
    return rows


def chosen(services: "Services", ids: Sequence[int], **filters: Any) -> list[int]:
    """Return the given ids, or those of the held deliveries that pass the filters, each once."""
    by_filter = any(value is not None for value in filters.values())
    if bool(ids) == by_filter:
        raise click.UsageError("Give either ids, or some of --source, --reason and --before.")
    if ids:
        return list(dict.fromkeys(ids))
    return [row["id"] for row in held_rows(services, state="held", **filters)]


def in_parts(
    ids: Sequence[int], treat: Callable[[Sequence[int]], Sequence[T]]
) -> Iterator[tuple[int, T]]:
    """Treat some at a time, with progress for people if there are many; yield the result of each."""
    from rich.console import Console
    from rich.progress import track

    starts = range(0, len(ids), AT_ONCE)
    console, few = Console(stderr=True), len(ids) <= AT_ONCE
    for start in track(starts, "Treating", console=console, disable=few):
        part = ids[start : start + AT_ONCE]
        yield from zip(part, treat(part), strict=True)


def releasing(
    services: "Services", ledger: "CausedLedger", *, replace: bool
) -> "Callable[[Sequence[int]], list[Any]]":
    """Return a function that releases some held deliveries at a time."""
    from domain.use_cases import quarantine as use_cases
    from receiver import dates, envelopes

    known = {source.name: source for source in services.sources.all()}
    decision = use_cases.Release(
        read=lambda delivery: envelopes.read_delivery(known.get(delivery.source), delivery),
        now=dates.utc_now(),
        replace=replace,
        ignored=lambda source: known[source].ignored if source in known else (),
    )
    return lambda part: use_cases.release(ledger, part, decision)


def report(ids: Sequence[int], refused: Mapping[int, Exception], done: str) -> None:
    """Say how many were treated; raise for those that were refused, after a line for some of them."""
    if len(ids) == 1 and refused:
        raise next(iter(refused.values()))
    if len(ids) != 1:
        click.echo(f"{len(ids) - len(refused)} {done}.")
    for position, error in list(refused.items())[:MOST_NAMED]:
        click.echo(f"{position}: {printable(str(error))}", err=True)
    if refused:
        raise click.ClickException(f"{len(refused)} of {len(ids)} were refused")
