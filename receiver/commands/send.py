"""kitledger send: a signed webhook in one line."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from receiver.commands.calls import TIMEOUT_SECONDS, clock_difference, request, takes_url
from receiver.commands.secrets import given_secret, takes_secret
from receiver.commands.send_data import as_data, as_event_id, kit_life, new_id
from receiver.commands.senders import source_and_secret
from receiver.commands.shared import json_text
from receiver.commands.source_options import as_time
from receiver.commands.terminal import printable
from registry.presets import PRESETS

if TYPE_CHECKING:
    import httpx

    from domain.event_ids import EventId
    from receiver.outgoing import Webhook
    from registry.source import Source

UNAUTHORIZED = 401
Prepared = tuple[bytes, dict[str, str]]


@click.command()
@click.argument("source")
@click.argument("type", required=False)
@click.option("--data", "-d", multiple=True, callback=as_data, help="a.b=text, or a.b:=JSON.")
@click.option("--file", type=click.File("rb"), help="The whole body instead; `-`: standard input.")
@click.option(
    "--story", type=click.Choice(["kit"]), help="A kit's whole life instead, event by event."
)
@click.option(
    "--id", "event_id", callback=as_event_id, help="The event's id; made from the time otherwise."
)
@click.option(
    "--created-at", callback=as_time, help="The event's time; that of its receipt otherwise."
)
@click.option(
    "--preset", type=click.Choice(list(PRESETS)), help="How it is said and signed, with --secret."
)
@takes_secret("--secret", "The source's secret; that in the ledger of the settings otherwise.")
@takes_url
@click.option("--explain", is_flag=True, help="Print what was signed, and how.")
def send(
    source: str,
    type: str | None,  # noqa: A002 the argument's name
    *,
    secret: str | None,
    secret_file: BinaryIO | None,
    preset: str | None,
    url: str,
    explain: bool,
    **said: Any,
) -> None:
    """Sign a webhook of SOURCE with an event of TYPE, post it, and print the request and the answer.

    The exit status is 1 unless it was taken.
    """
    import httpx

    from receiver.outgoing import signed

    sender, key = source_and_secret(source, preset, given_secret(secret, secret_file))
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        for body, headers in _prepared(sender, type, **said):
            webhook_id = (
                headers.get(sender.form.names[0].get("id", "")) or f"msg_{uuid.uuid4().hex}"
            )
            webhook = signed(sender, key, body, headers, webhook_id, datetime.now(UTC))
            address = f"{url}/webhooks/{source}"
            _print_request(address, webhook, explain=explain)
            answer = request(client, "POST", address, content=body, headers=webhook.headers)
            _print_answer(answer)
            if not answer.is_success:
                raise click.ClickException(_explained(answer))


def _prepared(
    sender: "Source",
    event_type: str | None,
    *,
    data: dict[str, Any],
    file: BinaryIO | None,
    story: str | None,
    event_id: "EventId | None",
    created_at: datetime | None,
) -> Iterator[Prepared]:
    """Yield the body and the headers of each webhook, before they are signed."""
    from receiver.outgoing import Event, envelope

    if sum(each is not None for each in (event_type if not file else None, file, story)) != 1:
        raise click.UsageError("Give a TYPE, a --file, or a --story.")
    if file is not None and data:
        raise click.UsageError("A --file is the whole body: leave out --data.")
    if story is not None and (event_id is not None or created_at is not None):
        raise click.UsageError("A --story has ids and times of its own.")
    event = Event(new_id() if event_id is None else event_id, event_type or "", created_at, data)
    if story is not None:
        for number, kind, at, told in kit_life(new_id(), data):
            yield envelope(sender, Event(number, kind, at, told))
    else:
        body, headers = envelope(sender, event)
        yield (body if file is None else file.read()), headers


def _print_request(address: str, webhook: "Webhook", *, explain: bool) -> None:
    click.echo(f"POST {address}")
    for name, value in webhook.headers.items():
        click.echo(printable(f"{name}: {value}"))
    click.echo(f"\n{printable(webhook.body.decode('utf-8', 'backslashreplace'))}\n")
    if explain:
        click.echo(f"signed: {printable(webhook.signed)}\n")


def _print_answer(answer: "httpx.Response") -> None:
    click.echo(f"{answer.status_code} {answer.reason_phrase}")
    try:
        click.echo(json_text(answer.json(), indent=2))
    except ValueError:
        click.echo(printable(answer.text))


def _explained(answer: "httpx.Response") -> str:
    """Say what is wrong, and where to look."""
    from receiver.commands.calls import detail

    said = printable(detail(answer))
    if answer.status_code != UNAUTHORIZED:
        return said
    if "timestamp" in said and (difference := clock_difference(answer)):
        return f"{said}; {difference}"
    return f"{said}; is this secret one of the source's live keys at that server?"
