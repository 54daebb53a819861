"""kitledger quarantine: deliveries that were verified but could not be recorded."""

from typing import TYPE_CHECKING, Any

import click

from receiver.commands.held_deliveries import (
    chosen,
    held_rows,
    in_parts,
    releasing,
    report,
    takes_filters,
    takes_held,
)
from receiver.commands.shared import (
    ID,
    as_json,
    open_services,
    operator_cause,
    print_json,
    show,
    takes_why,
)
from receiver.commands.terminal import printable

if TYPE_CHECKING:
    from domain.errors import WouldReplace

COLUMNS = ["id", "source", "reason", "event_id", "received_at", "bytes", "state"]


@click.group()
def quarantine() -> None:
    """Show the deliveries in quarantine, and release or discard them."""


@quarantine.command("list")
@click.option("--all", "everything", is_flag=True, help="List released and discarded ones, too.")
@takes_filters
@as_json
def list_held(everything: bool, as_json: bool, **filters: Any) -> None:
    """List the held deliveries, oldest first."""
    with open_services(migrate=False) as services:
        rows = held_rows(services, state=None if everything else "held", **filters)
    for row in rows:
        del row["stream"]
    show(rows, COLUMNS, as_json=as_json)


@quarantine.command("show")
@click.argument("quarantine_id", type=ID)
@as_json
def show_held(quarantine_id: int, as_json: bool) -> None:
    """Show the bytes of QUARANTINE_ID, and why they are in quarantine."""
    from domain.use_cases.quarantine import quarantined

    with open_services(migrate=False) as services:
        held = quarantined(services.ledger.streams, quarantine_id)
    event = held.held
    assert event is not None, "a quarantine begins with a Held event"
    facts = {
        "id": quarantine_id,
        "source": event.source,
        "key_id": event.key_id,
        "received_at": event.timestamp.isoformat(),
        "reason": event.reason,
        "event_id": event.event_id,
        "errors": event.errors,
        "state": held.ended or "held",
        "body": event.body.decode("utf-8", "backslashreplace"),
    }
    if event.headers is not None:
        facts["headers"] = event.headers
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        click.echo(f"{name}: {printable(str(value))}")


@quarantine.command()
@takes_held
@click.option("--yes", is_flag=True, help="Replace recorded deliveries without asking.")
@takes_why()
def release(ids: tuple[int, ...], yes: bool, why: str | None, **filters: Any) -> None:
    """Record the held deliveries IDS as normal ones, after their cause is repaired.

    A conflict would replace the recorded delivery: if it is the only one, this shows both, and asks.
    """
    from domain.errors import Refusal, WouldReplace

    with open_services() as services:
        ledger = services.ledger.caused_by(operator_cause(why))
        held = chosen(services, ids, **filters)
        results = dict(in_parts(held, releasing(services, ledger, replace=yes)))
        conflict = results[held[0]] if len(held) == 1 else None
        if isinstance(conflict, WouldReplace):
            _show_conflict(conflict)
            click.confirm("Let the held one replace the recorded one?", abort=True)
            results = dict(in_parts(held, releasing(services, ledger, replace=True)))
    refused = {key: each for key, each in results.items() if isinstance(each, Refusal)}
    report(held, refused, "released")
    for outcome in results[held[0]] if len(held) == 1 else ():
        click.echo(f"Event {outcome.event_id}: {outcome.status}.")


@quarantine.command()
@takes_held
@takes_why(required=True)
def discard(ids: tuple[int, ...], why: str, **filters: Any) -> None:
    """Discard the held deliveries IDS: they are not recorded; their bytes stay in the ledger."""
    from domain.use_cases import quarantine as use_cases
    from receiver import dates

    with open_services() as services:
        held = chosen(services, ids, **filters)
        ledger, now = services.ledger.caused_by(operator_cause(why)), dates.utc_now()
        results = in_parts(held, lambda part: use_cases.discard(ledger, part, now=now))
        refused = {key: each for key, each in results if each is not None}
    report(held, refused, "discarded")
    if len(held) == 1:
        click.echo(f"{held[0]} is discarded.")


def _show_conflict(conflict: "WouldReplace") -> None:
    """Print two envelopes, each with those of its headers that the other one does not have."""
    bodies = {"recorded": conflict.recorded, "held": conflict.held}
    for (label, body), headers, others in zip(
        bodies.items(), conflict.headers, reversed(conflict.headers), strict=True
    ):
        for name, value in sorted(headers.items() - others.items()):
            click.echo(f"{label}: {printable(f'{name}: {value}')}")
        click.echo(f"{label}: {printable(body.decode('utf-8', 'backslashreplace'))}")
