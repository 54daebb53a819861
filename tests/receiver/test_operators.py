"""The people at the terminal: who they are, and what their terminal can show."""

import pwd
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.harness.service import COMMAND, Service
from tests.receiver.examples import Fresh, held, problem

NAMES = ("LOGNAME", "USER", "LNAME", "USERNAME")


def test_a_user_without_a_name_is_recorded_by_number(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: int) -> Any:
        raise KeyError("getpwuid(): uid not found: 10001")

    refusal = problem(service.post_webhook(b"not json"), 400)
    for name in NAMES:
        monkeypatch.delitem(service.environment, name, raising=False)
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", none)
    monkeypatch.setattr("os.getuid", lambda: 10001)

    service.here("quarantine", "discard", str(refusal["quarantine"]), "--why", "a test")

    assert held(service, refusal)["state"] == "discarded"


@pytest.mark.one_store
@pytest.mark.parametrize(("encoding", "name"), [("latin-1", "Žofie"), ("ascii", "日本")])
def test_whatever_the_terminal_can_show_the_key_is_printed(
    prepared: Service, fresh: Fresh, encoding: str, name: str
) -> None:
    done = subprocess.run(
        [*COMMAND, "clients", "add", f"{name}{fresh()}", "--role", "reader"],
        env={**prepared.environment, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert uuid.UUID(done.stdout.split()[-1].decode().partition(":")[2])


@pytest.mark.one_store
@pytest.mark.parametrize("words", [("history", "kit"), ("sources", "rotate")])
def test_what_is_no_text_is_refused_on_one_line(prepared: Service, words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [*COMMAND, *words, b"\xff"], env=prepared.environment, capture_output=True, check=False
    )

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"Error: what was given has characters that are none\n"


@pytest.mark.one_store
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_command_runs_without_a_terminal_and_writes_to_no_file_instead(
    prepared: Service, closed: str
) -> None:
    command = f"{' '.join(COMMAND)} replay {closed}"

    done = subprocess.run(
        ["sh", "-c", command], env=prepared.environment, capture_output=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.one_store
def test_a_replay_needs_the_ledger_alone(prepared: Service, tmp_path: Path) -> None:
    views = tmp_path / "views.db"
    environment = {**prepared.environment, "VIEWS_DATABASE_URL": f"sqlite:///{views}"}

    done = subprocess.run(
        [*COMMAND, "replay"], env=environment, capture_output=True, check=False, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "Source.Added" in done.stdout
    assert not views.exists()
