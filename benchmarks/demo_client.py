"""Clients of the demo, which print each command, each request and each response."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
from rich.console import Console

from benchmarks.servers import run_python

REQUEST_HEADERS = ("content-type", "authorization")
RESPONSE_HEADERS = ("location", "link", "etag")
console = Console(highlight=False, soft_wrap=True)


class Client(httpx.Client):
    """Send requests, and print each with its response."""

    def __init__(self, address: str, auth: tuple[str, str] | None = None) -> None:
        super().__init__(base_url=address, auth=auth, event_hooks={"response": [show]})


class Source:
    """Send signed webhooks of the source `lab`, by the command."""

    def __init__(self, address: str, environment: Mapping[str, str]) -> None:
        self._address = address
        self._environment = environment

    def send_webhook(self, event_id: int, event_type: str, data: Mapping[str, object]) -> None:
        """Post one event."""
        said = [f"--data={name}:={json.dumps(value)}" for name, value in data.items()]
        given = [f"--id={event_id}", *said, f"--url={self._address}"]
        print_command(self._environment, "send", "lab", event_type, *given)


@contextmanager
def tailing(
    address: str, client: str, environment: Mapping[str, str], output: Path
) -> Iterator[None]:
    """Follow the feed meanwhile, and print at the end what was seen."""
    words = ["tail", "--since", "beginning", "--url", address]
    with run_python(
        ["-m", "receiver", *words], {**environment, "KITLEDGER_CLIENT": client}, output
    ):
        yield
    console.rule("What `kitledger tail` has printed meanwhile")
    console.print(output.read_text(), markup=False)


def show(response: httpx.Response) -> None:
    """Print a request and its response; raises for an error status."""
    request = response.request
    target = request.url.raw_path.decode()
    show_message(
        f"[bold]{request.method} {target}[/]", request.headers, REQUEST_HEADERS, request.read()
    )
    status = f"[bold green]{response.status_code} {response.reason_phrase}[/]"
    show_message(status, response.headers, RESPONSE_HEADERS, response.read())
    console.print()
    response.raise_for_status()


def show_message(
    first_line: str, headers: Mapping[str, str], names: tuple[str, ...], body: bytes
) -> None:
    """Print the first line, the headers of these names, and the JSON body if there is one."""
    console.print(first_line)
    for name in names:
        if name in headers:
            console.print(f"  [dim]{name}: {headers[name]}[/]")
    if body:
        console.print_json(body.decode(), indent=2, ensure_ascii=False)


def print_command(environment: Mapping[str, str], *arguments: str) -> None:
    """Run a `kitledger` command, and print what it prints."""
    console.print(f"$ kitledger {shlex.join(arguments)}", style="bold", markup=False)
    console.print(_run(environment, *arguments), markup=False)


def run_command(environment: Mapping[str, str], *arguments: str) -> str:
    """Run a `kitledger` command; return the last line that it prints."""
    console.print(f"[bold]$ kitledger {' '.join(arguments)}[/]")
    return _run(environment, *arguments).splitlines()[-1]


def _run(environment: Mapping[str, str], *arguments: str) -> str:
    program = [sys.executable, "-m", "receiver", *arguments]
    ended = subprocess.run(program, env=environment, check=True, capture_output=True, text=True)
    return ended.stdout
