"""While another file, or none, is in the ledger's place, nothing is acknowledged, and none is made."""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from eventsourcing.persistence import OperationalError

from receiver.services import assemble
from receiver.settings import Settings
from tests.harness.processes import group_of
from tests.harness.service import Service, environment
from tests.harness.waiting import eventually
from tests.receiver.examples import event_ids, note, problem


def kill_children(service: Service) -> None:
    """Kill the workers and the projector; the server starts others."""
    assert service.process is not None
    before = set(group_of(service.process.pid)) - {service.process.pid}
    for each in before:
        os.kill(each, signal.SIGKILL)
    assert eventually(lambda: not before & set(service.processes()))


def refused(service: Service) -> bool:
    """Say whether a webhook and /readyz are answered 503, and name the file."""
    answers = [service.post_webhook(note(3)), service.anonymous("GET", "/readyz")]
    return all("store" in problem(answer, 503)["detail"] for answer in answers)


def test_nothing_is_acknowledged_until_the_opened_file_is_back(on_sqlite: Service) -> None:
    file = Path(on_sqlite.folder / "ledger.db")
    assert on_sqlite.post_webhook(note(1)).status_code == 202
    away = on_sqlite.folder / "away"
    away.mkdir()
    for each in on_sqlite.folder.glob("ledger.db*"):
        each.rename(away / each.name)

    assert refused(on_sqlite)
    assert "ledger.db" in on_sqlite.anonymous("GET", "/readyz").json()["detail"]
    assert any(
        line["event"] == "store-unavailable" and "removed or replaced" in line["error"]
        for line in on_sqlite.log_lines()
    )
    kill_children(on_sqlite)
    on_sqlite.wait_until_ready("/healthz")
    assert refused(on_sqlite)
    assert not list(on_sqlite.folder.glob("ledger.db*"))

    for each in away.iterdir():
        each.rename(on_sqlite.folder / each.name)
    on_sqlite.wait_until_ready()
    assert file.exists()
    assert on_sqlite.post_webhook(note(2)).status_code == 202
    assert eventually(lambda: event_ids(on_sqlite) == [1, 2])


def test_a_backup_that_takes_its_place_is_neither_written_nor_joined_with_the_log(
    on_sqlite: Service,
) -> None:
    file = on_sqlite.folder / "ledger.db"
    on_sqlite.query(f"VACUUM INTO '{on_sqlite.folder / 'backup.db'}'")
    backup = (on_sqlite.folder / "backup.db").read_bytes()
    on_sqlite.post_webhook([note(number) for number in range(100, 200)])

    (on_sqlite.folder / "backup.db").rename(file)

    assert refused(on_sqlite)
    kill_children(on_sqlite)
    on_sqlite.wait_until_ready("/healthz")
    assert refused(on_sqlite)
    assert file.read_bytes() == backup


def test_uses_of_keys_make_no_ledger_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    settings = Settings.from_environment(environment(tmp_path))
    services = assemble(settings, migrate=True)
    services.sources.uses.note("lab", "key_1", datetime.now(UTC))
    services.sources.uses.close()
    for each in tmp_path.glob("ledger.db*"):
        each.unlink()

    with pytest.raises(OperationalError, match="removed or replaced"):
        services.sources.uses.write()

    assert not file.exists()
    services.close()
