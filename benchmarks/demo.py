"""A demo over HTTP: the life of one kit, on a server in a temporary folder (make demo)."""

import tempfile
from pathlib import Path

from benchmarks.demo_client import Client, Source, console, run_command, tailing
from benchmarks.servers import free_port, run_python, wait_for_answer


def main() -> None:
    """Start a server in a temporary folder, run the demo, and stop."""
    with tempfile.TemporaryDirectory(prefix="kitledger-demo-") as name:
        folder, port = Path(name), free_port()
        environment = {"DATABASE_URL": f"sqlite:///{folder / 'ledger.db'}"}
        run_command(environment, "sources", "add", "lab")
        client_id, _, key = run_command(
            environment, "clients", "add", "shop", "--role", "reader", "--role", "registrar"
        ).partition(":")
        inspector = run_command(
            environment, "clients", "add", "inspector", "--role", "auditor", "--role", "reader"
        )
        auditor = inspector.partition(":")[::2]
        serve = ["-m", "receiver", "serve", "--port", str(port)]
        with run_python(serve, environment, folder / "server.log") as process:
            address = f"http://127.0.0.1:{port}"
            wait_for_answer(process, f"{address}/readyz")
            shop = Client(address, auth=(client_id, key))
            tail = tailing(address, f"{client_id}:{key}", environment, folder / "tail.log")
            with tail:
                kits_and_reports(Source(address, environment), shop)
                registrations(shop)
            audit(environment, Client(address, auth=auditor))
    console.rule("The server has stopped, and its folder is removed")


def kits_and_reports(lab: Source, shop: Client) -> None:
    """Send webhooks about a kit and a report, and read the results."""
    kit = {"barcode": "UL42345", "status": "KIT_SHIPPED", "shipment_id": 2344}
    console.rule("The kit is shipped")
    lab.send_webhook(1, "kit.created", {"kit": kit})
    console.rule("The same delivery is repeated: nothing changes")
    lab.send_webhook(1, "kit.created", {"kit": kit})
    console.rule("Event 3 overtakes event 2: the kit has failed")
    failed = {**kit, "status": "KIT_FAILED", "reason": "Not enough DNA was extracted."}
    lab.send_webhook(3, "kit.updated", {"kit": failed})
    console.rule("Event 2 is late, so it does not change the status")
    lab.send_webhook(2, "kit.updated", {"kit": {**kit, "status": "KIT_RECEIVED"}})
    shop.get("/api/v1/kits/UL42345/")
    console.rule("The shop registers the kit to a customer, then adds the verification date")
    kits = "/api/v1/kit-registrations/"
    made = shop.post(kits, json={"customer": 70, "kit": "UL42345"})
    shop.patch(made.headers["location"], json={"verification_date": "2017-11-24T10:00:00+00:00"})
    console.rule("The report is blocked, then available")
    reason = "Customer consent date is not found."
    blocked = {"id": 345345, "status": "BLOCKED", "reason": reason}
    lab.send_webhook(4, "report.updated", {"report": blocked})
    lab.send_webhook(5, "report.updated", {"report": {"id": 345345, "status": "AVAILABLE"}})
    console.rule("Events, kits and the report as listed")
    for path in ("events/", "events/?type=kit.updated&limit=1", "kits/", "reports/345345/"):
        shop.get(f"/api/v1/{path}")


def registrations(shop: Client) -> None:
    """Make an organization, register a profile to one of its groups, and rename the group."""
    camp = "/api/organizations/21437"
    console.rule("An organization, and a group in it")
    shop.put(f"{camp}/groups/21437", json={"name": "Camp"})
    shop.put(f"{camp}/groups/67890", json={"name": "Session 2", "groupIdentifier": "sessionTwo"})
    console.rule("The profile is registered by the group's identifier")
    new = {"groupIdentifier": "sessionTwo", "type": "patient"}
    made = shop.post(f"{camp}/profiles/70/registrations", json=new)
    console.rule("A new name of the group is visible at once, in the organization's list too")
    shop.put(f"{camp}/groups/67890", json={"name": "Second session"})
    shop.get(f"{camp}/groups/21437/registrations")
    console.rule("The registration is deactivated, and reactivated")
    shop.delete(made.headers["location"])
    shop.put(made.headers["location"], json={"deactivated": None})


def audit(environment: dict[str, str], inspector: Client) -> None:
    """Read what has happened to the kit and by whom, and compare the lists with the ledger."""
    console.rule("The auditor asks what happened to the kit, when, and by whom")
    first, *_ = inspector.get("/api/v1/kits/UL42345/history/?limit=2").json()
    console.rule("And what the kit was after the first of these events")
    inspector.get(f"/api/v1/kits/UL42345/?as_of_position={first['position']}")
    console.rule("What the shop did without a reason")
    inspector.get("/api/v1/audit/log/?by=client:1&has_reason=false&kind=group&limit=1")
    console.rule("Every row of the lists is what the ledger says")
    console.print(run_command(environment, "audit", "reconcile"))


if __name__ == "__main__":
    main()
