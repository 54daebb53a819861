"""Damage to the read models stops no webhook, and mends itself."""

from tests.harness.service import Service
from tests.harness.waiting import eventually
from tests.receiver.examples import event_ids, kit_event

GARBAGE = b"not a database " * 5000


def overwrite(service: Service) -> None:
    """Overwrite the file of the read models and its log."""
    for each in service.folder.glob("views.db*"):
        if each.suffix in {".db", ".db-wal"}:
            each.write_bytes(GARBAGE)


def test_intake_goes_on_and_lists_are_whole_again(on_sqlite: Service) -> None:
    on_sqlite.post_webhook([kit_event(n, f"K{n}") for n in range(1, 51)])
    on_sqlite.stop()
    overwrite(on_sqlite)
    on_sqlite.serve()
    on_sqlite.wait_until_ready("/healthz")

    assert on_sqlite.post_webhook(kit_event(51, "K51")).status_code == 202
    assert eventually(lambda: shown(on_sqlite) == [*range(1, 52)])
    assert (on_sqlite.folder / "views.db.damaged").read_bytes() == GARBAGE
    assert f"{on_sqlite.folder / 'views.db'} is damaged" in on_sqlite.log()

    for each in on_sqlite.folder.glob("views.db*"):
        each.unlink()
    assert on_sqlite.post_webhook(kit_event(52, "K52")).status_code == 202
    assert eventually(lambda: shown(on_sqlite) == [*range(1, 53)])
    on_sqlite.wait_until_ready()


def shown(service: Service) -> list[int] | None:
    """Return the ids of all events that are listed, or None while there is no complete list."""
    page = service.get("/api/v1/events/?limit=1")
    if page.status_code != 200 or "ledger-lag" in page.headers:
        return None
    return event_ids(service)
