"""Changing a source, retiring it after a question, and reopening it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.harness.service import Service
from tests.receiver.examples import Fresh, note
from tests.receiver.test_cli import error, here, rows

SETTINGS = ("scheme", "tolerance", "header", "prefix")


def source(service: Service, name: str) -> dict[str, Any]:
    """Return what the listing says of a source."""
    (found,) = (row for row in rows(service, "sources", "list") if row["name"] == name)
    return found


def test_only_what_is_given_changes(shell: Service, name: str) -> None:
    shell.add_source(name)
    before = source(shell, name)

    shell.here("sources", "set", name, "--tolerance", "60")
    shell.here("sources", "set", name, "--header", "X-Hub", "--prefix", "")

    assert source(shell, name) == {**before, "tolerance": 60, "header": "X-Hub", "prefix": ""}


def test_a_changed_tolerance_counts_for_the_next_webhook(
    service: Service, name: str, fresh: Callable[[], int]
) -> None:
    service.add_source(name)
    early = datetime.now(UTC) - timedelta(seconds=200)

    def send() -> int:
        body = b'{"id": %d, "type": "note.added", "data": {}}' % fresh()
        signed = service.signed(body, name, early).items()
        headers: dict[str, Any] = {key.replace("-", "_"): value for key, value in signed}
        return service.post_webhook(body, name, **headers).status_code

    assert send() == 202
    service.here("sources", "set", name, "--tolerance", "100")
    assert send() == 401
    service.here("sources", "set", name, "--tolerance", "300")
    assert send() == 202


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--header bad/header", "header"),
        ("--scheme standard-webhooks", "whsec_"),
    ],
)
def test_what_no_key_could_verify_is_refused(
    shell: Service, name: str, options: str, says: str
) -> None:
    shell.add_source(name, "--scheme", "hmac-sha256")
    before = source(shell, name)

    assert says in error(here(shell, "sources", "set", name, *options.split()))
    assert source(shell, name) == before


@pytest.mark.parametrize("words", ["", "--secret whsec_x", "--tolerance 0", "--scheme rot13"])
def test_a_change_names_a_setting_that_there_is(shell: Service, words: str) -> None:
    assert here(shell, "sources", "set", "lab", *words.split()).exit_code == 2


def test_a_source_is_retired_after_a_question(shell: Service, name: str) -> None:
    shell.add_source(name)

    for answer in ("n\n", ""):
        assert here(shell, "sources", "retire", name, given=answer).exit_code == 1
        assert source(shell, name)["retired_at"] is None
    assert here(shell, "sources", "retire", name, given="y\n").exit_code == 0

    assert source(shell, name)["retired_at"] is not None


def test_a_retired_source_can_be_reopened(service: Service, name: str, fresh: Fresh) -> None:
    service.add_source(name)
    service.here("sources", "retire", name, "--yes")
    assert service.post_webhook(note(fresh()), name).status_code == 410

    service.here("sources", "reopen", name)

    assert service.post_webhook(note(fresh()), name).status_code == 202


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("set nobody --tolerance 60", "nobody"),
        ("set gone --tolerance 60", "retired"),
        ("retire nobody", "nobody"),
        ("reopen nobody", "nobody"),
        ("reopen lab", "not retired"),
    ],
)
def test_what_can_not_be_done_is_one_line(shell: Service, words: str, says: str) -> None:
    if "gone" in words:
        shell.add_source("gone")
        shell.here("sources", "retire", "gone", "--yes")

    assert says in error(here(shell, "sources", *words.split()))
