"""The console script: what each command prints, and how each error ends."""

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from receiver.commands.cli import kitledger
from tests.harness.service import COMMAND, Service
from tests.harness.service_factory import ServiceFactory

CONTRACT = {
    *("serve", "project", "migrate"),
    *(f"sources {verb}" for verb in ("add", "list", "set", "rotate", "expire", "retire", "reopen")),
    *(f"clients {verb}" for verb in ("add", "list", "revoke")),
    *(f"projections {verb}" for verb in ("status", "rebuild")),
    *(f"quarantine {verb}" for verb in ("list", "show", "release", "discard")),
    *("history", "replay", "audit reconcile"),
}


KEY = "6f1c2a34-0000-4000-8000-00000000abcd"


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield (*path, name)


ALL = {" ".join(path): path for path in commands(kitledger)}


@pytest.fixture(scope="module")
def shell(services: ServiceFactory) -> Service:
    """Give a place where commands are run, and no server runs."""
    place = services.bare()
    place.here("sources", "add", "lab")
    place.here("sources", "add", "gone")
    place.here("sources", "retire", "gone", "--yes")
    place.here("clients", "add", "first", "--role", "reader", "--key", KEY)
    return place


def here(service: Service, *words: str, given: str | None = None) -> Result:
    """Run a command that may fail, in this process."""
    return service.here(*words, check=False, given=given)


def rows(service: Service, *listing: str) -> list[dict[str, Any]]:
    """Return what a listing prints as JSON."""
    done = here(service, *listing, "--json")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def error(done: Result | subprocess.CompletedProcess[str]) -> str:
    """Return the one line on standard error with which a command failed."""
    status = done.exit_code if isinstance(done, Result) else done.returncode
    assert (status, done.stdout) == (1, ""), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


def test_there_is_every_command_of_the_contract() -> None:
    assert set(ALL) >= CONTRACT


@pytest.mark.parametrize("path", ALL.values(), ids=ALL)
def test_each_command_explains_itself(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(kitledger, [*path, "--help"], prog_name="kitledger")

    assert shown.exit_code == 0
    assert shown.output.startswith(f"Usage: {' '.join(('kitledger', *path))} ")
    assert re.search(r"\n  [A-Z][^\n]+", shown.output), "it says what it does"


@pytest.mark.parametrize("listing", [path for path in ALL if re.search(r"list|status|show", path)])
def test_each_listing_takes_json(listing: str) -> None:
    assert "--json" in CliRunner().invoke(kitledger, [*ALL[listing], "--help"]).output


def test_the_console_script_is_the_same_as_the_module() -> None:
    script = Path(sys.executable).with_name("kitledger")
    for program in ([script], COMMAND):
        done = subprocess.run([*program, "--version"], capture_output=True, text=True, check=True)
        assert re.fullmatch(r"kitledger, version \d+\.\d+\.\d+\n", done.stdout)


def test_adding_a_source_prints_its_secret_last(shell: Service) -> None:
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", shell.add_source("made"))
    assert shell.add_source("given", "--secret", shell.secrets["made"]) == shell.secrets["made"]
    assert re.fullmatch(r"[0-9a-f]{64}", shell.add_source("plain", "--scheme", "hmac-sha256"))


def test_sources_are_listed_without_their_secrets(shell: Service) -> None:
    secret = shell.add_source("listed", "--tolerance", "60")

    listed = {row["name"]: row for row in rows(shell, "sources", "list")}
    table = here(shell, "sources", "list").stdout

    assert (listed["listed"]["scheme"], listed["listed"]["tolerance"]) == ("standard-webhooks", 60)
    assert listed["listed"]["retired_at"] is None
    assert "listed" in table
    assert secret not in table + json.dumps(listed)


def test_keys_of_a_source_are_added_and_ended(shell: Service) -> None:
    first = shell.add_source("turning")

    second = shell.here("sources", "rotate", "turning").stdout.splitlines()[-1]
    (keys,) = (row["keys"] for row in rows(shell, "sources", "list") if row["name"] == "turning")
    assert here(shell, "sources", "expire", "turning", keys[0]["id"]).exit_code == 0

    assert second.startswith("whsec_")
    assert second != first
    (keys,) = (row["keys"] for row in rows(shell, "sources", "list") if row["name"] == "turning")
    assert [key["expired_at"] is None for key in keys] == [False, True]


def test_adding_a_client_prints_its_id_and_key_last(shell: Service) -> None:
    client_id, key = shell.add_client("reader", "auditor")
    after, _ = shell.add_client("admin", options=("--organization", "7"))

    assert str(uuid.UUID(key)) == key
    assert int(after) == int(client_id) + 1
    listed = {str(row["id"]): row for row in rows(shell, "clients", "list")}
    assert listed[client_id]["roles"] == ["auditor", "reader"]
    assert (listed[client_id]["organization"], listed[after]["organization"]) == (None, 7)
    assert key not in here(shell, "clients", "list").stdout + json.dumps(listed)


def test_a_client_is_revoked_once(shell: Service) -> None:
    client_id, _ = shell.add_client("reader")

    assert here(shell, "clients", "revoke", client_id).exit_code == 0

    (revoked,) = (row for row in rows(shell, "clients", "list") if str(row["id"]) == client_id)
    assert revoked["revoked_at"] is not None
    assert client_id in error(here(shell, "clients", "revoke", client_id))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("sources add lab", "already"),
        ("sources add a/b", "name"),
        ("sources add new --secret nonsense", "whsec_"),
        ("sources add new --scheme hmac-sha256 --secret x --header bad\theader", "header"),
        ("sources rotate nobody", "nobody"),
        ("sources rotate lab --secret whsec_AAAA", "16"),
        ("sources expire lab key_0", "key_0"),
        ("sources retire nobody", "nobody"),
        ("sources retire gone", "retired"),
        ("sources rotate gone", "retired"),
        ("clients add new --role reader --key nonsense", "UUID"),
        (f"clients add new --role reader --key {KEY}", "key"),
        (f"clients add {'x' * 65} --role reader", "name"),
        ("clients add new --role reader --id -1", "id"),
        ("clients add new --role reader --id 1", "already"),
        ("clients revoke 999", "999"),
        ("projections skip kits", "kits"),
        ("quarantine show 999", "999"),
        ("quarantine release 999", "999"),
        ("quarantine discard 999 --why because", "999"),
    ],
)
def test_what_can_not_be_done_is_one_line_and_exit_status_1(
    shell: Service, words: str, says: str
) -> None:
    assert says in error(here(shell, *words.split(" ")))


@pytest.mark.parametrize(
    "words",
    [
        "quarantine show {}",
        "quarantine release {}",
        "quarantine discard {} --why because",
        "clients revoke {}",
        "clients add new --role reader --id {}",
        "clients add new --role reader --organization {}",
    ],
)
@pytest.mark.parametrize("number", [10**20, -(10**20)])
def test_numbers_beyond_all_ids_are_refused(shell: Service, words: str, number: int) -> None:
    done = here(shell, *words.format(number).split())

    assert done.exit_code in {1, 2}
    assert isinstance(done.exception, SystemExit)
    assert "Error: " in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        "",
        "nonsense",
        "sources",
        "sources add",
        "sources add new --scheme rot13",
        "sources add new --tolerance never",
        "clients add new",
        "clients add new --role king",
        "clients revoke one",
        "projections rebuild nonsense",
        "quarantine show",
        "quarantine discard 1",
        "serve --port 99999",
        "serve --workers 0",
        "serve --nonsense",
    ],
)
def test_wrong_usage_is_exit_status_2_with_a_hint(nowhere: Service, words: str) -> None:
    done = here(nowhere, *words.split())

    assert done.exit_code == 2
    assert "Usage: kitledger" in done.stderr
    assert done.stdout == ""
