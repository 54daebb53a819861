"""Clients of the demo, which print each command, each request and each response."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping

import httpx
from rich.console import Console

from receiver.signatures import sign

REQUEST_HEADERS = (
    "content-type",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "authorization",
)
RESPONSE_HEADERS = ("location", "link", "etag")
console = Console(highlight=False, soft_wrap=True)


class Client(httpx.Client):
    """Send requests, and print each with its response."""

    def __init__(self, address: str, auth: tuple[str, str] | None = None) -> None:
        super().__init__(base_url=address, auth=auth, event_hooks={"response": [show]})


class Source(Client):
    """Send signed webhooks."""

    def __init__(self, address: str, secret: str) -> None:
        super().__init__(address)
        self._secret = secret

    def send_webhook(self, event_id: int, event_type: str, data: object) -> None:
        """Post one event."""
        body = json.dumps({"id": event_id, "type": event_type, "data": data}).encode()
        webhook_id, timestamp = f"msg_{event_id}", str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(self._secret, webhook_id, timestamp, body),
        }
        self.post("/webhooks/lab", content=body, headers=headers)


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


def run_command(environment: Mapping[str, str], *arguments: str) -> str:
    """Run a `kitledger` command; return the last line that it prints."""
    console.print(f"[bold]$ kitledger {' '.join(arguments)}[/]")
    program = [sys.executable, "-m", "receiver", *arguments]
    ended = subprocess.run(program, env=environment, check=True, capture_output=True, text=True)
    return ended.stdout.splitlines()[-1]
