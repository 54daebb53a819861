"""What was sent reaches an operator's terminal as visible characters alone."""

import json
import unicodedata
from typing import Any

import pytest

from receiver.commands.shared import show
from receiver.commands.terminal import printable
from tests.harness.service import Service
from tests.receiver.examples import Fresh, kit_event, problem
from tests.receiver.test_cli import error, here

HOSTILE = {
    "colour": "\x1b[31m",
    "title": "\x1b]0;pwned\x07",
    "eight-bit CSI": "\x9b2J",
    "carriage return": "safe\rheld",
    "new line": "x\nstate: released",
    "delete": "\x7f",
    "right to left": "\u202egnp.exe",
    "isolate": "\u2066x\u2069",
    "mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "line separator": "\u2028",
    "zero width": "\u200b\ufeff",
    "tag": "\U000e0041",
    "half a surrogate pair": "\ud800",
}


def invisible(text: str) -> list[str]:
    """Return the characters of a text that a terminal obeys or hides, but for the ends of lines."""
    bad = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return [each for each in text if each != "\n" and unicodedata.category(each) in bad]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_each_of_them_becomes_an_escape(text: str) -> None:
    shown = printable(text)

    assert invisible(shown) == []
    assert "\n" not in shown
    assert shown.encode("ascii").decode("unicode_escape") == text


@pytest.mark.parametrize("text", ["Žofie", "日本\u3000語", "a b", "שלום", "🧪", "a\\b"])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("text", [*HOSTILE.values(), "[bold]x[/bold]", "[/nothing]", ":smile:"])
def test_a_listing_shows_what_was_sent_and_obeys_nothing(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    show([{"error": text}], ["error"], as_json=False)
    table = capsys.readouterr().out
    show([{"error": text}], ["error"], as_json=True)
    printed = capsys.readouterr().out

    assert printable(text) in table
    assert invisible(table + printed) == []
    assert json.loads(printed) == [{"error": text}]


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["for people", "as JSON"])
def test_a_quarantined_body_steers_no_terminal(service: Service, as_json: list[str]) -> None:
    body = "".join(HOSTILE.values()).encode("utf-8", "replace")
    refusal = problem(service.post_webhook(body), 400)

    shown = here(service, "quarantine", "show", str(refusal["quarantine"]), *as_json).stdout

    assert invisible(shown) == []
    assert "state: released" not in shown.splitlines()
    if as_json:
        assert json.loads(shown)["body"].encode() == body


def test_the_question_before_a_release_steers_no_terminal(service: Service, fresh: Fresh) -> None:
    event_id, barcode = fresh(), f"STEERED{fresh()}"
    service.post_webhook(kit_event(event_id, barcode, "KIT_SHIPPED"))
    other: Any = kit_event(event_id, barcode, "KIT_FAILED", reason="\u202eDEPPIHS\x9b2J\x7f")
    body = json.dumps(other, ensure_ascii=False, indent=1).encode()
    refusal = problem(service.post_webhook(body), 409)

    asked = here(service, "quarantine", "release", str(refusal["quarantine"]), given="n\n").stdout

    assert invisible(asked) == []
    assert "\\u202eDEPPIHS\\x9b2J\\x7f" in asked
    assert len([line for line in asked.splitlines() if line.startswith("held:")]) == 1


def test_an_error_steers_no_terminal(service: Service) -> None:
    said = error(here(service, "sources", "rotate", "no\x1b[31m\u202e"))

    assert "no\\x1b[31m\\u202e" in said


def test_a_log_line_steers_no_terminal(service: Service) -> None:
    service.anonymous("GET", "/api/%C2%9B2J%E2%80%AE%1B%7F")

    (line,) = (line for line in service.log().splitlines() if "2J" in line)
    assert invisible(line) == []
    assert json.loads(line)["path"] == "/api/\x9b2J\u202e\x1b\x7f"
