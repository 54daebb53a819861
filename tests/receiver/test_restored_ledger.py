"""An older ledger under newer read models: what is listed is what the ledger holds."""

import shutil

from tests.harness.service import Service
from tests.harness.waiting import eventually
from tests.receiver.examples import event_ids, kit_event

KITS = "/api/v1/kits/"


def test_a_restored_ledger_that_grows_at_once_is_listed_whole(on_sqlite: Service) -> None:
    backup = on_sqlite.folder / "backup.db"
    on_sqlite.post_webhook([kit_event(n, f"OLD{n}") for n in range(1, 5)])
    on_sqlite.query(f"VACUUM INTO '{backup}'")
    on_sqlite.post_webhook([kit_event(n, f"LOST{n}") for n in range(5, 9)])
    assert len(on_sqlite.get(KITS).json()) == 8
    on_sqlite.stop()
    shutil.copy(backup, on_sqlite.folder / "ledger.db")
    # As the page on backups says: a server that was slow to stop may leave its log.
    for beside in on_sqlite.folder.glob("ledger.db-*"):
        beside.unlink()

    on_sqlite.serve()
    on_sqlite.wait_until_ready("/healthz")
    on_sqlite.post_webhook([kit_event(n, f"NEW{n}") for n in range(20, 40)])

    assert eventually(lambda: "ledger-lag" not in on_sqlite.get(KITS).headers)
    barcodes = {kit["barcode"] for kit in on_sqlite.get(KITS, params={"limit": 100}).json()}
    assert barcodes == {f"OLD{n}" for n in range(1, 5)} | {f"NEW{n}" for n in range(20, 40)}
    assert event_ids(on_sqlite) == [1, 2, 3, 4, *range(20, 40)]
    assert "another history" in on_sqlite.log()
