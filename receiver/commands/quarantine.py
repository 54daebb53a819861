"""kitledger quarantine: what was verified but could not be recorded."""

import getpass

import click

from receiver.commands.shared import ID, as_json, parts, show

COLUMNS = ["id", "source", "reason", "event_id", "received_at", "bytes", "state"]


@click.group()
def quarantine() -> None:
    """Look at what was put aside, and decide about it."""


@quarantine.command("list")
@click.option("--all", "everything", is_flag=True, help="Show what was decided about, too.")
@as_json
def list_held(everything: bool, as_json: bool) -> None:
    """List what is held, oldest first."""
    from projections.quarantine import Quarantined

    model = Quarantined()
    with parts() as opened:
        head = opened.ledger.store.max_notification_id()
        with opened.views.reading(model.name, head) as view:
            rows, lag = model.all(view, state=None if everything else "held"), view.lag
    if lag:
        click.echo(f"No projector is at work: this list is {lag} events behind.", err=True)
    for row in rows:
        del row["stream"]
    show(rows, COLUMNS, as_json=as_json)


@quarantine.command("show")
@click.argument("quarantine_id", type=ID)
@as_json
def show_held(quarantine_id: int, as_json: bool) -> None:
    """Show the bytes of QUARANTINE_ID, and why they were put aside."""
    import json

    with parts() as opened:
        held = opened.ledger.quarantined(quarantine_id)
    event = held.held
    assert event is not None, "what is quarantined is held"
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
        click.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        click.echo(f"{name}: {value}")


@quarantine.command()
@click.argument("quarantine_id", type=ID)
@click.option("--yes", is_flag=True, help="Replace what is recorded without asking.")
def release(quarantine_id: int, yes: bool) -> None:
    """Record QUARANTINE_ID as a normal delivery, now that what was wrong is mended.

    A conflict would replace what is recorded: then this shows both, and asks.
    """
    from domain.errors import WouldReplace
    from receiver import dates, messages

    with parts() as opened:

        def attempt(*, replace: bool) -> None:
            outcomes = opened.ledger.release(
                quarantine_id,
                messages.read,
                now=dates.utc_now(),
                by=getpass.getuser(),
                replace=replace,
            )
            for outcome in outcomes:
                click.echo(f"Event {outcome.event_id}: {outcome.status}.")

        try:
            attempt(replace=yes)
        except WouldReplace as conflict:
            click.echo(f"recorded: {conflict.recorded.decode('utf-8', 'backslashreplace')}")
            click.echo(f"held:     {conflict.held.decode('utf-8', 'backslashreplace')}")
            click.confirm("Let the held one replace the recorded one?", abort=True)
            attempt(replace=True)


@quarantine.command()
@click.argument("quarantine_id", type=ID)
@click.option("--why", required=True, help="The reason, for those who read the history.")
def discard(quarantine_id: int, why: str) -> None:
    """Decide that QUARANTINE_ID is not to be recorded; its bytes are kept all the same."""
    from receiver import dates

    with parts() as opened:
        opened.ledger.discard(quarantine_id, now=dates.utc_now(), by=getpass.getuser(), why=why)
    click.echo(f"{quarantine_id} is discarded.")
