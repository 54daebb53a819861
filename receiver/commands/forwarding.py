"""Posting items of the feed on to another address, signed anew: for `forward` and `replay --to URL`."""

import json
import random
import time
from datetime import UTC, datetime
from typing import Any

import click
import httpx

from receiver.commands.calls import TIMEOUT_SECONDS, no_answer
from receiver.commands.forward_progress import Progress
from receiver.commands.terminal import printable
from receiver.outgoing import signed
from registry.keys import STANDARD_WEBHOOKS
from registry.source import Source

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
SENDER = Source("forward", STANDARD_WEBHOOKS, ())


def begin(progress: Progress, name: str, target: str, first: int | None) -> None:
    """Set the target, and where to begin; raises ClickException for a target that may lack events."""
    if first is not None:
        progress.position = first
    elif progress.target not in {None, target}:
        raise click.ClickException(
            f"forward {name} has posted to {progress.target} up to position {progress.position}:"
            " give another --name, or --from POSITION to go on elsewhere"
        )
    progress.target = target


def post(client: httpx.Client, url: str, secret: str, item: dict[str, Any]) -> None:
    """Post an item until it is taken: it is tried again after every answer but 2xx.

    Raises ClickException for 410, by which a receiver says that it wants no more.
    """
    pause = FIRST_PAUSE
    while (refusal := _refusal(client, url, secret, item)) is not None:
        place = f"position {item['position']}: {url}: {refusal}"
        click.echo(printable(f"{place}; trying again in {pause:.0f} s"), err=True)
        time.sleep(pause * random.uniform(0.8, 1))  # noqa: S311 spreads the senders, no secret
        pause = min(2 * pause, LONGEST_PAUSE)


def _refusal(client: httpx.Client, url: str, secret: str, item: dict[str, Any]) -> str | None:
    """Post an item once; return why it was not taken, or None."""
    # The same at each attempt, so that its receiver knows a repeat.
    webhook_id = f"msg_{item['position']}"
    headers = {"Content-Type": "application/json"}
    webhook = signed(SENDER, secret, payload(item), headers, webhook_id, datetime.now(UTC))
    try:
        answer = client.post(url, content=webhook.body, headers=webhook.headers)
    except httpx.HTTPError as error:
        return no_answer(error)
    if answer.status_code == httpx.codes.GONE:
        raise click.ClickException(printable(f"{url}: 410, it wants no more"))
    return None if answer.is_success else f"{answer.status_code} {answer.reason_phrase}"


def payload(item: dict[str, Any]) -> bytes:
    """Return the payload that Standard Webhooks recommend, with where it comes from."""
    origin = {name: item[name] for name in ("source", "id", "position")}
    timestamp = f"{item['created_at'].replace(' ', 'T')}Z"
    said = {"type": item["type"], "timestamp": timestamp, "data": item["data"], **origin}
    # In ASCII, since data may hold halves of surrogate pairs, which UTF-8 has not.
    return json.dumps(said).encode()


def sender() -> httpx.Client:
    """Return what posts; a redirect is no 2xx, so it is not followed."""
    return httpx.Client(timeout=TIMEOUT_SECONDS)
