"""make demo: one kit's story, told through HTTP to a server that lives as long as the story."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
from rich.console import Console

from benchmarks.servers import answers, free_port, python
from receiver.signatures import sign

SENT = ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature", "authorization")
ANSWERED = ("location", "link", "etag")
console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    """Serve from a throw-away folder, tell the story, and stop."""
    with tempfile.TemporaryDirectory(prefix="kitledger-demo-") as name:
        folder, port = Path(name), free_port()
        environment = {"DATABASE_URL": f"sqlite:///{folder / 'ledger.db'}"}
        secret = command(environment, "sources", "add", "lab")
        client_id, _, key = command(
            environment, "clients", "add", "shop", "--role", "reader", "--role", "registrar"
        ).partition(":")
        serve = ["-m", "receiver", "serve", "--port", str(port)]
        with python(serve, environment, folder / "server.log") as process:
            address = f"http://127.0.0.1:{port}"
            answers(process, f"{address}/readyz")
            story(Lab(address, secret), Caller(address, auth=(client_id, key)))
    console.rule("The server has stopped, and its folder is gone")


def story(lab: "Lab", shop: "Caller") -> None:
    """Announce what happens in the lab, and read what the shop wants to know."""
    kit = {"barcode": "UL42345", "status": "KIT_SHIPPED", "shipment_id": 2344}
    console.rule("The kit is shipped")
    lab.announce(1, "kit.created", {"kit": kit})
    console.rule("The same delivery comes again: harmless")
    lab.announce(1, "kit.created", {"kit": kit})
    console.rule("The kit has failed, says event 3, which overtakes event 2")
    failed = {**kit, "status": "KIT_FAILED", "reason": "Not enough DNA was extracted."}
    lab.announce(3, "kit.updated", {"kit": failed})
    console.rule("Event 2 says that it was received: late, and so it changes nothing")
    lab.announce(2, "kit.updated", {"kit": {**kit, "status": "KIT_RECEIVED"}})
    shop.get("/api/v1/kits/UL42345/")
    console.rule("The shop registers the kit to a customer, who verifies it later")
    kits = "/api/v1/kit-registrations/"
    made = shop.post(kits, json={"customer": 70, "kit": "UL42345"})
    shop.patch(made.headers["location"], json={"verification_date": "2017-11-24T10:00:00+00:00"})
    console.rule("The report is blocked, then available")
    reason = "Customer consent date is not found."
    blocked = {"id": 345345, "status": "BLOCKED", "reason": reason}
    lab.announce(4, "report.updated", {"report": blocked})
    lab.announce(5, "report.updated", {"report": {"id": 345345, "status": "AVAILABLE"}})
    console.rule("What there is to read")
    for path in ("events/", "events/?type=kit.updated&limit=1", "kits/", "reports/345345/"):
        shop.get(f"/api/v1/{path}")
    registrations(shop)


def registrations(shop: "Caller") -> None:
    """Make an organization, register a profile to one of its groups, and rename the group."""
    camp = "/api/organizations/21437"
    console.rule("The customer goes to a camp: an organization, and a group in it")
    shop.put(f"{camp}/groups/21437", json={"name": "Camp"})
    shop.put(f"{camp}/groups/67890", json={"name": "Session 2", "groupIdentifier": "sessionTwo"})
    console.rule("The profile is registered by the group's identifier")
    new = {"groupIdentifier": "sessionTwo", "type": "patient"}
    made = shop.post(f"{camp}/profiles/70/registrations", json=new)
    console.rule("A new name of the group shows at once, in the list of the whole camp too")
    shop.put(f"{camp}/groups/67890", json={"name": "Second session"})
    shop.get(f"{camp}/groups/21437/registrations")
    console.rule("Deactivated, and active again")
    shop.delete(made.headers["location"])
    shop.put(made.headers["location"], json={"deactivated": None})


class Caller(httpx.Client):
    """Call, and print each request and its answer."""

    def __init__(self, address: str, auth: tuple[str, str] | None = None) -> None:
        super().__init__(base_url=address, auth=auth, event_hooks={"response": [show]})


class Lab(Caller):
    """A source that signs what it announces."""

    def __init__(self, address: str, secret: str) -> None:
        super().__init__(address)
        self._secret = secret

    def announce(self, event_id: int, kind: str, data: object) -> None:
        """Post one event."""
        body = json.dumps({"id": event_id, "type": kind, "data": data}).encode()
        webhook_id, timestamp = f"msg_{event_id}", str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(self._secret, webhook_id, timestamp, body),
        }
        self.post("/webhooks/lab", content=body, headers=headers)


def show(response: httpx.Response) -> None:
    """Print a request and its answer; raises when it was refused."""
    request = response.request
    target = request.url.raw_path.decode()
    part(f"[bold]{request.method} {target}[/]", request.headers, SENT, request.read())
    status = f"[bold green]{response.status_code} {response.reason_phrase}[/]"
    part(status, response.headers, ANSWERED, response.read())
    console.print()
    response.raise_for_status()


def part(first: str, headers: Mapping[str, str], wanted: tuple[str, ...], body: bytes) -> None:
    """Print the first line, the headers that matter here, and the JSON, if there is any."""
    console.print(first)
    for name in wanted:
        if name in headers:
            console.print(f"  [dim]{name}: {headers[name]}[/]")
    if body:
        console.print_json(body.decode(), indent=2, ensure_ascii=False)


def command(environment: Mapping[str, str], *arguments: str) -> str:
    """Run a command of kitledger; return the last line that it prints."""
    console.print(f"[bold]$ kitledger {' '.join(arguments)}[/]")
    program = [sys.executable, "-m", "receiver", *arguments]
    ended = subprocess.run(program, env=environment, check=True, capture_output=True, text=True)
    return ended.stdout.splitlines()[-1]


if __name__ == "__main__":
    main()
