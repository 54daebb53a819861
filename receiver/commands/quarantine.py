"""kitledger quarantine: deliveries that were verified but could not be recorded."""

import click

from receiver.commands.shared import ID, as_json, open_services, operator, print_json, show
from receiver.commands.terminal import printable

COLUMNS = ["id", "source", "reason", "event_id", "received_at", "bytes", "state"]


@click.group()
def quarantine() -> None:
    """Show the deliveries in quarantine, and release or discard them."""


@quarantine.command("list")
@click.option("--all", "everything", is_flag=True, help="List released and discarded ones, too.")
@as_json
def list_held(everything: bool, as_json: bool) -> None:
    """List the held deliveries, oldest first."""
    from projections.models.quarantine import PROJECTION

    with open_services(migrate=False) as services:
        head = services.ledger.store.max_notification_id()
        with services.read_database.snapshot(PROJECTION.name, head) as snapshot:
            rows = PROJECTION.all(snapshot, state=None if everything else "held")
    if snapshot.lag:
        behind = f"this list is {snapshot.lag} events behind"
        click.echo(f"No projector is at work: {behind}.", err=True)
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
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        click.echo(f"{name}: {printable(str(value))}")


@quarantine.command()
@click.argument("quarantine_id", type=ID)
@click.option("--yes", is_flag=True, help="Replace a recorded delivery without asking.")
def release(quarantine_id: int, yes: bool) -> None:
    """Record QUARANTINE_ID as a normal delivery, after its cause is repaired.

    A conflict would replace the recorded delivery: then this shows both, and asks.
    """
    from domain.errors import WouldReplace
    from domain.use_cases import quarantine as use_cases
    from receiver import dates, envelopes

    with open_services() as services:

        def attempt(*, replace: bool) -> None:
            outcomes = use_cases.release(
                services.ledger,
                quarantine_id,
                envelopes.read,
                now=dates.utc_now(),
                by=operator(),
                replace=replace,
            )
            for outcome in outcomes:
                click.echo(f"Event {outcome.event_id}: {outcome.status}.")

        try:
            attempt(replace=yes)
        except WouldReplace as conflict:
            click.echo(f"recorded: {_body(conflict.recorded)}")
            click.echo(f"held:     {_body(conflict.held)}")
            click.confirm("Let the held one replace the recorded one?", abort=True)
            attempt(replace=True)


@quarantine.command()
@click.argument("quarantine_id", type=ID)
@click.option("--why", required=True, help="The reason, for readers of the history.")
def discard(quarantine_id: int, why: str) -> None:
    """Discard QUARANTINE_ID: it is not recorded; its bytes stay in the ledger."""
    from domain.use_cases import quarantine as use_cases
    from receiver import dates

    with open_services() as services:
        use_cases.discard(
            services.ledger, quarantine_id, now=dates.utc_now(), by=operator(), why=why
        )
    click.echo(f"{quarantine_id} is discarded.")


def _body(body: bytes) -> str:
    """Return a body as a line that a terminal can show."""
    return printable(body.decode("utf-8", "backslashreplace"))
