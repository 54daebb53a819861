"""kitledger audit reconcile: what it prints, and how it ends."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager

from store.urls import is_postgres
from tests.harness.plain import Plain
from tests.harness.service import Service
from tests.receiver.examples import Fresh, kit_event
from tests.receiver.test_cli import here

LOST = "LOST\x1b[31m"


@contextmanager
def tampered(service: Service, barcode: str) -> Iterator[None]:
    """Change the status of a kit past the program, for a while."""
    url = service.environment["DATABASE_URL"]
    on_postgres = is_postgres(url)
    schema = "views." if on_postgres else ""
    with closing(Plain(url if on_postgres else service.environment["VIEWS_DATABASE_URL"])) as plain:
        if not on_postgres:
            plain.query("PRAGMA busy_timeout = 10000")
        # Another test may have had the read model rebuilt.
        [(slot,)] = plain.query(f"SELECT slot FROM {schema}projections WHERE name = 'kits'")
        statement = f"UPDATE {schema}kits_{slot} SET status = %s WHERE barcode = %s"
        plain.query(statement, LOST, barcode)
        yield
        plain.query(statement, "KIT_SHIPPED", barcode)


def test_it_names_what_was_changed_past_the_program(service: Service, fresh: Fresh) -> None:
    barcode = f"K{fresh()}"
    position = service.post_webhook(kit_event(fresh(), barcode)).json()["position"] + 1
    assert service.get(f"/api/v1/kits/{barcode}/").status_code == 200
    service.here("projections", "rebuild", "kits")

    clean = here(service, "audit", "reconcile")
    assert clean.exit_code == 0, clean.output
    assert clean.stdout.startswith("Compared ")
    assert clean.stdout.endswith(" events: 0 differences.\n")

    with tampered(service, barcode):
        found = here(service, "audit", "reconcile")
        as_json = here(service, "audit", "reconcile", "--json")

    first, last = found.stdout.splitlines()
    values = "status KIT_SHIPPED → LOST\\x1b[31m"
    assert first == f"kits, barcode {barcode}: {values} (position {position})"
    assert last.endswith(" events: 1 difference.")
    assert [json.loads(line) for line in as_json.stdout.splitlines()] == [
        {
            "kind": "kits",
            "key": {"barcode": barcode},
            "field": "status",
            "expected": "KIT_SHIPPED",
            "found": LOST,
            "position": position,
        }
    ]
    assert as_json.stderr.endswith(" events: 1 difference.\n")
    assert found.exit_code == as_json.exit_code == 1


def test_it_names_a_client_that_was_changed_past_the_program(
    service: Service, fresh: Fresh
) -> None:
    service.post_webhook(kit_event(fresh(), f"K{fresh()}"))
    number, _ = service.add_client("reader")
    roles = "UPDATE clients SET roles = %s WHERE id = %s"
    service.query(roles, "admin", int(number))
    found = here(service, "audit", "reconcile")
    service.query(roles, "reader", int(number))

    line, last = found.stdout.splitlines()
    assert line.startswith(f"clients, id {number}: roles ['reader'] → ['admin'] (position ")
    assert last.endswith(" events: 1 difference.")
    assert found.exit_code == 1
    assert here(service, "audit", "reconcile").exit_code == 0
