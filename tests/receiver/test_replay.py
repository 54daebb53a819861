"""Histories and replays on the command line, through real pipes and on a real terminal."""

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.service import COMMAND, Service
from tests.organizations.camp import Camp
from tests.receiver.examples import Fresh, kit_event, note, pages, position, report_event
from tests.receiver.test_cli import error, here
from tests.receiver.test_terminal import invisible


def lines(service: Service, *words: str) -> list[dict[str, Any]]:
    """Run a command, and return the values of the JSON lines that it prints."""
    return [json.loads(line) for line in service.here(*words, "--json").stdout.splitlines()]


def without(entry: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != name}


def send(service: Service, *events: Any) -> int:
    """Send some events and return the position after the last."""
    for event in events:
        assert service.post_webhook(event).status_code == 202
    return position(service)


def test_the_history_of_a_thing_is_that_of_the_api(service: Service, fresh: Fresh) -> None:
    barcode, camp = f"H/{fresh()}", Camp(service, fresh())
    send(service, kit_event(fresh(), barcode), kit_event(fresh(), barcode, "KIT_FAILED"))
    camp.make()
    camp.make(7, "North")
    camp.change_group(7, name="South")
    things = {
        ("kit", barcode): f"/api/v1/kits/{barcode.replace('/', '%2F')}/",
        ("group", f"{camp.root}/7"): camp.path("groups/7/"),
    }
    for (kind, key), path in things.items():
        printed = lines(service, "history", kind, key)
        assert [without(each, "subject") for each in printed] == service.get(
            f"{path}history/"
        ).json()
        assert [each["subject"] for each in printed] == 2 * [{"kind": kind, "id": key}]


def test_everything_from_a_position_to_another_is_the_log_of_the_api(
    service: Service, fresh: Fresh
) -> None:
    first = position(service) + 1
    last = send(
        service,
        kit_event(fresh(), f"K{fresh()}"),
        [note(fresh()), report_event(fresh(), fresh())],
        note(fresh()),
    )
    log = [each for page in pages(service, "/api/v1/audit/log/", limit=1000) for each in page]
    printed = lines(service, "replay", "--from", str(first), "--to", str(last - 1))
    assert [each["position"] for each in printed] == list(range(first, last))
    assert printed == [each for each in log if first <= each["position"] < last]


def test_named_things_are_told_in_one_story(service: Service, fresh: Fresh) -> None:
    barcode, number = f"K{fresh()}", fresh()
    send(service, kit_event(fresh(), barcode), report_event(fresh(), number))
    first = position(service)
    send(service, kit_event(fresh(), barcode, "KIT_FAILED"))
    names = ("--kit", barcode, "--report", str(number))
    story = [(each["subject"]["kind"], each["event"]) for each in lines(service, "replay", *names)]
    assert story == [
        ("kit", "Kit.Observed"),
        ("report", "Report.Observed"),
        ("kit", "Kit.Observed"),
    ]
    assert len(lines(service, "replay", *names, "--from", str(first))) == 2


def test_as_of_a_time_it_ends_with_the_state_of_the_things(service: Service, fresh: Fresh) -> None:
    barcode, number = f"K{fresh()}", fresh()
    send(service, kit_event(fresh(), barcode, reason="leaked"))
    body = {"customer": fresh(), "kit": barcode, "verification_date": "2017-11-24"}
    registration = str(service.post("/api/v1/kit-registrations/", body).json()["id"])
    [*_, made] = lines(service, "history", "kit-registration", registration)
    send(service, kit_event(fresh(), barcode, "KIT_FAILED"), report_event(fresh(), number))

    names = ("--kit", barcode, "--kit-registration", registration, "--report", str(number))
    told = lines(service, "replay", *names, "--as-of", made["recorded_at"])

    as_of = told[-1]["position"]
    assert [each["event"] for each in told[:-3]] == ["Kit.Observed", "KitRegistration.Registered"]
    states = {each["subject"]["kind"]: each["state"] for each in told[-3:]}
    for kind, path in (
        ("kit", f"kits/{barcode}"),
        ("kit-registration", f"kit-registrations/{registration}"),
    ):
        shown = service.get(f"/api/v1/{path}/", params={"as_of_position": as_of}).json()
        assert states[kind] == shown
    assert states["report"] is None
    printed = service.here("replay", *names, "--as-of", made["recorded_at"]).stdout
    assert f"kit {barcode} was at position {as_of}" in printed
    assert f"report {number} did not exist at position {as_of}" in printed


def test_what_is_not_there_is_one_line(service: Service) -> None:
    assert "there is no kit NOWHERE" in error(here(service, "history", "kit", "NOWHERE"))
    assert "there is no report x" in error(here(service, "history", "report", "x"))
    unknown = error(here(service, "history", "kid", "1"))
    assert "there is no kind kid; there are" in unknown
    assert "kit-registration" in unknown
    assert "there is no group 1" in error(here(service, "replay", "--group", "1"))
    assert "later than now" in error(here(service, "replay", "--as-of", "9999-01-01"))
    both = here(service, "replay", "--as-of", "2017-11-24", "--to", "5")
    assert (both.exit_code, "not both" in both.stderr) == (2, True)


def test_what_was_sent_steers_no_terminal(service: Service, fresh: Fresh) -> None:
    barcode = f"K{fresh()}"
    send(service, kit_event(fresh(), barcode, reason="\x1b[31m\u202edeppihs\r\n\x9b2J[bold]"))
    for words in (("history", "kit", barcode), ("replay", "--kit", barcode, "--json")):
        printed = service.here(*words).stdout
        assert invisible(printed) == []
        assert len(printed.splitlines()) == 1


@pytest.fixture(scope="module")
def long_story(service: Service, fresh: Fresh) -> Service:
    """Make sure that a replay is larger than any pipe's buffer."""
    send(service, [note(fresh()) for _ in range(1000)])
    return service


def start(service: Service, *words: str, **options: Any) -> subprocess.Popen[Any]:
    return subprocess.Popen(
        [*COMMAND, *words],
        cwd=service.folder,
        env=service.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["for people", "as JSON"])
def test_a_pipe_that_is_closed_ends_it_quietly(
    long_story: Service, as_json: tuple[str, ...]
) -> None:
    with start(long_story, "replay", *as_json) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def test_the_first_lines_come_before_the_rest_is_read(long_story: Service) -> None:
    with start(long_story, "replay", "--json") as process:
        assert process.stdout is not None
        found = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert process.poll() is None, "it waits for its reader"
        found += map(json.loads, process.stdout)
    assert [each["position"] for each in found] == list(range(1, len(found) + 1))
    assert len(found) > 1000
    assert process.returncode == 0


def on_terminal(service: Service, *words: str) -> str:
    """Run a command on a terminal, and return what it shows."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *words],
        cwd=service.folder,
        env={**service.environment, "TERM": "xterm-256color", "COLUMNS": "80"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        return b"".join(_read(ours)).decode()


def _read(terminal: int) -> Iterator[bytes]:
    try:
        while piece := os.read(terminal, 65536):
            yield piece
    except OSError:
        """The other end is closed."""
    finally:
        os.close(terminal)


@pytest.mark.one_store
def test_on_a_terminal_it_shows_colours(service: Service, fresh: Fresh) -> None:
    barcode = f"K{fresh()}"
    send(service, kit_event(fresh(), barcode), kit_event(fresh(), barcode, "KIT_FAILED"))
    shown = on_terminal(service, "history", "kit", barcode)
    first, second = shown.splitlines()
    assert f"kit {barcode}" in first
    assert "\x1b[31mKIT_SHIPPED\x1b[0m → \x1b[32mKIT_FAILED\x1b[0m" in second
