"""The keys of sources: where secrets are read from, which are refused, and when a key ends."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from receiver.services import assemble
from receiver.settings import Settings
from registry.sources import Sources
from store.errors import UNAVAILABLE
from tests.conftest import NewService
from tests.harness.service import Service
from tests.harness.waiting import eventually
from tests.receiver.examples import Fresh, note
from tests.receiver.test_cli import error, here, rows

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
KEY = "6f1c2a34-0000-4000-8000-0000000000ab"


def keys_of(service: Service, name: str) -> list[dict[str, Any]]:
    """Return what the listing says of a source's keys."""
    (keys,) = (row["keys"] for row in rows(service, "sources", "list") if row["name"] == name)
    found: list[dict[str, Any]] = keys
    return found


@pytest.mark.parametrize("given", [SECRET, f"{SECRET}\n", f"{SECRET}\r\n"])
def test_a_secret_may_come_by_standard_input(shell: Service, name: str, given: str) -> None:
    added = here(shell, "sources", "add", name, "--secret", "-", given=given)

    assert added.stdout.splitlines()[-1] == SECRET


def test_a_secret_may_come_from_a_file(shell: Service, name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / "key").write_text(KEY)
    shell.add_source(name)

    rotated = here(shell, "sources", "rotate", name, "--secret-file", str(tmp_path / "secret"))
    words = ("clients", "add", name, "--role", "reader", "--secret-file", str(tmp_path / "key"))
    client = here(shell, *words)

    assert rotated.stdout.splitlines()[-1] == SECRET
    assert client.stdout.splitlines()[-1].endswith(f":{KEY}")


@pytest.mark.parametrize("given", ["", "\n"])
@pytest.mark.parametrize(
    "words",
    [
        "sources add {} --secret -",
        "sources add {} --scheme hmac-sha256 --secret -",
        "sources rotate lab --secret -",
        "sources rotate lab --secret - --allow-short",
        "clients add {} --role reader --key -",
    ],
)
def test_an_empty_secret_is_refused_and_none_is_made(
    shell: Service, name: str, words: str, given: str
) -> None:
    before = rows(shell, "sources", "list"), rows(shell, "clients", "list")

    assert error(here(shell, *words.format(name).split(), given=given))
    as_an_argument = ["" if word == "-" else word for word in words.format(name).split()]
    assert error(here(shell, *as_an_argument))

    assert (rows(shell, "sources", "list"), rows(shell, "clients", "list")) == before


def test_a_secret_that_is_not_text_is_one_line(shell: Service, name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff" * 32)
    words = ("--scheme", "hmac-sha256", "--secret-file", str(tmp_path / "secret"))

    assert "unprintable" in error(here(shell, "sources", "add", name, *words))


def test_a_secret_comes_from_one_place(shell: Service, name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    words = ("--secret", SECRET, "--secret-file", str(tmp_path / "secret"))

    assert here(shell, "sources", "add", name, *words).exit_code == 2


def test_a_short_secret_is_refused_unless_it_is_allowed(shell: Service, name: str) -> None:
    words = ("sources", "add", name, "--scheme", "hmac-sha256", "--secret", "hush")

    assert "16" in error(here(shell, *words))
    assert here(shell, *words, "--allow-short").stdout.splitlines()[-1] == "hush"
    assert "16" in error(here(shell, "sources", "rotate", name, "--secret", "whisper"))


@pytest.mark.parametrize("again", [SECRET, SECRET.rstrip("=")])
def test_the_secret_that_is_live_already_makes_no_second_key(
    shell: Service, name: str, again: str
) -> None:
    shell.add_source(name, "--secret", SECRET)

    refused = error(here(shell, "sources", "rotate", name, "--secret", again))

    (key,) = keys_of(shell, name)
    assert key["id"] in refused
    assert SECRET.rstrip("=") not in refused


def test_a_secret_that_was_expired_does_not_come_back(shell: Service, name: str) -> None:
    shell.add_source(name, "--secret", SECRET)
    shell.here("sources", "rotate", name)
    (first, _) = keys_of(shell, name)
    shell.here("sources", "expire", name, first["id"])

    assert first["id"] in error(here(shell, "sources", "rotate", name, "--secret", SECRET))


def test_another_source_may_have_the_same_secret(shell: Service, fresh: Fresh) -> None:
    assert shell.add_source(f"one-{fresh()}", "--secret", SECRET) == SECRET
    assert shell.add_source(f"other-{fresh()}", "--secret", SECRET) == SECRET


def test_expiring_the_last_live_key_warns(shell: Service, name: str) -> None:
    shell.add_source(name)
    shell.here("sources", "rotate", name)
    first, last = keys_of(shell, name)

    assert here(shell, "sources", "expire", name, first["id"]).stderr == ""
    warned = here(shell, "sources", "expire", name, last["id"])

    assert (warned.exit_code, warned.stderr.count("\n")) == (0, 1)
    assert "last live key" in warned.stderr
    assert [key["live"] for key in keys_of(shell, name)] == [False, False]


def test_a_key_that_outlives_another_by_its_own_end_is_not_the_last(
    shell: Service, name: str
) -> None:
    shell.add_source(name)
    shell.here("sources", "rotate", name)
    first, last = keys_of(shell, name)

    shell.here("sources", "expire", name, first["id"], "--at", "2101-01-01")
    earlier = here(shell, "sources", "expire", name, last["id"], "--at", "2100-01-01T00:00:00Z")
    warned = here(shell, "sources", "expire", name, last["id"], "--at", "2102-01-01T00:00:00Z")

    assert (earlier.stderr, warned.stderr) == ("", warned.stderr)
    assert "2100-01-01T00:00:00+00:00" in earlier.stdout
    assert "last live key" in warned.stderr
    assert [key["live"] for key in keys_of(shell, name)] == [True, True]
    assert "expires 2102-01-01T00:00:00+00:00" in here(shell, "sources", "list").stdout


@pytest.mark.parametrize(("at", "status"), [("2001-01-01", 1), ("soon", 2), ("", 2)])
def test_a_time_that_has_passed_or_is_none_is_refused(
    shell: Service, name: str, at: str, status: int
) -> None:
    shell.add_source(name)
    (key,) = keys_of(shell, name)

    assert here(shell, "sources", "expire", name, key["id"], "--at", at).exit_code == status
    assert keys_of(shell, name) == [key]


@pytest.mark.one_store
def test_a_key_verifies_until_its_time_has_come(service: Service, name: str, fresh: Fresh) -> None:
    service.add_source(name)
    (key,) = keys_of(service, name)
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    service.here("sources", "expire", name, key["id"], "--at", end.isoformat())

    answers = []
    while datetime.now(UTC) < end + timedelta(seconds=0.1):
        sent = datetime.now(UTC)
        status = service.post_webhook(note(fresh()), source=name).status_code
        answers.append((sent < end, status))

    assert answers[0] == (True, 202)
    assert answers[-1] == (False, 401)


@pytest.fixture
def sources(shell: Service) -> Iterator[Sources]:
    """Give the registry of the shell's database, as a worker opens it."""
    services = assemble(Settings.from_environment(shell.environment))
    yield services.sources
    services.close()


def test_the_listing_tells_when_each_key_was_last_used(
    shell: Service, sources: Sources, name: str
) -> None:
    shell.add_source(name)
    shell.here("sources", "rotate", name)
    first, second = keys_of(shell, name)
    early, late = (datetime(2026, 1, day, 12, tzinfo=UTC) for day in (1, 2))

    sources.uses.note(name, second["id"], late)
    sources.uses.write()
    # Another worker, which has not seen the later use.
    sources.uses.note(name, second["id"], early)
    sources.uses.write()

    used = {key["id"]: key["last_used_at"] for key in keys_of(shell, name)}
    assert used == {first["id"]: None, second["id"]: "2026-01-02T12:00:00+00:00"}
    table = here(shell, "sources", "list").stdout
    assert f"{second['id']} (used 2026-01-02T12:00:00+00:00)" in table
    assert f"{first['id']} (never used)" in table


def test_noting_a_use_does_not_make_workers_read_the_registry_again(
    shell: Service, sources: Sources, name: str
) -> None:
    before = shell.query("SELECT count FROM registry_changes")

    sources.uses.note("lab", "key_0", datetime.now(UTC))
    sources.uses.write()

    assert shell.query("SELECT count FROM registry_changes") == before


def test_a_use_is_not_noted_in_another_file_than_the_ledger_s(tmp_path: Path, name: str) -> None:
    ledger = tmp_path / "ledger.db"
    place = Service(tmp_path, DATABASE_URL=f"sqlite:///{ledger}")
    secret = place.add_source(name)
    services = assemble(Settings.from_environment(place.environment))
    assert services.sources.get(name)
    for file in tmp_path.glob("ledger.db*"):
        file.unlink()

    services.sources.uses.note(name, secret, datetime.now(UTC))
    with pytest.raises(UNAVAILABLE):
        services.sources.uses.write()
    services.close()
    place.close()

    assert not ledger.exists()


@pytest.mark.one_store
def test_a_webhook_shows_its_key_as_used_and_needs_no_such_record(new_service: NewService) -> None:
    service = new_service(1).start()
    before = datetime.now(UTC).replace(microsecond=0)
    assert service.post_webhook(note(1)).status_code == 202

    def used() -> str | None:
        (key,) = keys_of(service, "lab")
        last: str | None = key["last_used_at"]
        return last

    assert eventually(used)
    assert before <= datetime.fromisoformat(str(used())) <= datetime.now(UTC)

    service.query("DROP TABLE key_uses")
    assert [service.post_webhook(note(n)).status_code for n in (1, 2)] == [200, 202]
