"""Posting items of the feed on to another address, signed anew: for `forward` and `replay --to URL`."""

import fcntl
import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import httpx

from receiver.commands.calls import TIMEOUT_SECONDS, no_answer
from receiver.commands.terminal import printable
from receiver.outgoing import signed
from registry.keys import STANDARD_WEBHOOKS, new_secret
from registry.source import Source

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
SENDER = Source("forward", STANDARD_WEBHOOKS, ())


@dataclass
class Progress:
    """The secret that signs, and the last position that was taken by which address; None before the first."""

    secret: str
    position: int | None = None
    target: str | None = None


class ProgressFile:
    """The file of a forward's progress: for its owner alone, and replaced as a whole."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def secret(self) -> str:
        """Return the secret, also while another process holds the progress; it is made if there is none."""
        if self._file.exists():
            return self._read().secret
        with self.held() as progress:
            return progress.secret

    @contextmanager
    def held(self) -> Iterator[Progress]:
        """Give the progress, which is made if there is none, and its secret printed.

        One process at a time holds it. Raises ClickException for another.
        """
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise click.ClickException(f"another forward holds {self._file}") from error
        try:
            yield self._read()
        finally:
            os.close(descriptor)

    def write(self, progress: Progress) -> None:
        """Replace the file; it is on the disk when this returns."""
        new = self._file.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(progress), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self) -> Progress:
        try:
            return Progress(**json.loads(self._file.read_text()))
        except FileNotFoundError:
            made = Progress(new_secret(STANDARD_WEBHOOKS))
            self.write(made)
            click.echo(f"made the secret that signs, kept in {self._file}:\n{made.secret}")
            return made
        except (ValueError, TypeError) as error:
            raise click.ClickException(f"{self._file} is no progress of a forward") from error


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


def progress_file(name: str) -> ProgressFile:
    """Return the file of a forward's progress, beside the ledger's file, or in ./data."""
    from receiver.settings import Settings

    ledger = Settings.from_environment().ledger_file
    folder = Path("data") if ledger is None else ledger.parent
    return ProgressFile(folder / f"forward-{name}.json")
