"""kitledger projections: status, rebuilding, skipping an event."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from receiver.commands.shared import as_json, open_services, operator_cause, show, takes_why

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from projections.projection import Projection


@click.group()
def projections() -> None:
    """Show projections, rebuild them, and skip an event that a projection can't apply."""


@projections.command()
@as_json
def status(as_json: bool) -> None:
    """Show the position of each projection, and its lag in positions."""
    from projections.status import statuses

    with open_services(migrate=False) as services:
        found = statuses(services.read_database, services.ledger.store.max_notification_id())
    rows = [vars(each) for each in found]
    show(rows, ["name", "position", "lag", "stopped_at", "error"], as_json=as_json)


@projections.command()
@click.argument("name", required=False)
@takes_why()
def rebuild(name: str | None, why: str | None) -> None:
    """Rebuild the projection NAME, or all, from the first event.

    Readers see the old rows until the new ones are complete.
    """
    from rich.console import Console
    from rich.progress import Progress

    from domain.aggregates.projection import Projection
    from domain.use_cases.administration import record
    from projections.rebuild import rebuild as build
    from receiver import dates

    chosen = _chosen(name)
    with open_services() as services, Progress(console=Console(stderr=True)) as bars:
        ledger = services.ledger.caused_by(operator_cause(why))
        for model in chosen:
            bar = bars.add_task(model.name, total=None)
            reached = build(services.ledger, services.read_database, model, _moving(bars, bar))
            stream, now = Projection.create_id(model.name), dates.utc_now()
            record(ledger, stream, Projection.Rebuilt, now=now, position=reached)
    click.echo(f"Rebuilt: {', '.join(model.name for model in chosen)}.")


@projections.command()
@click.argument("name")
@takes_why()
def skip(name: str, why: str | None) -> None:
    """Skip, for good, the event at which the projection NAME has stopped."""
    from domain.aggregates.projection import Projection
    from domain.use_cases.administration import record
    from projections.status import skip as skip_event
    from receiver import dates

    (chosen,) = _chosen(name)
    with open_services() as services:
        ledger = services.ledger.caused_by(operator_cause(why))
        stream, now = Projection.create_id(chosen.name), dates.utc_now()
        position = skip_event(
            services.read_database,
            chosen.name,
            lambda position, error: record(
                ledger, stream, Projection.Skipped, now=now, position=position, error=error
            ),
        )
    click.echo(f"{name} passes the event at position {position}, in rebuilds too.")


def _moving(bars: "Progress", bar: "TaskID") -> Callable[[int, int], None]:
    return lambda done, total: bars.update(bar, completed=done, total=total)


def _chosen(name: str | None) -> "list[Projection]":
    from projections.models import all_projections

    found = [model for model in all_projections() if name in {None, model.name}]
    if not found:
        names = ", ".join(model.name for model in all_projections())
        raise click.UsageError(f"no projection {name}; there are {names}")
    return found
