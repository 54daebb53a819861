"""The page in a bundle says what it holds, and nothing that a sender sent can change it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from audit.entries import Subject
from tests.audit.logs import HOSTILE, Log

pytestmark = pytest.mark.one_store


class Page(HTMLParser):
    """The elements, the attributes and the cells of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.rows: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what there is."""
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        """Keep the text of cells."""
        if self.lasttag in {"td", "th"}:
            self.rows[-1][-1] += data.strip()


def page(folder: Path) -> str:
    return (folder / "index.html").read_text()


def test_it_lists_the_events_and_says_how_to_check_them(
    told: Log, store: str, tmp_path: Path
) -> None:
    told.export(tmp_path)
    text = page(tmp_path)
    read = Page(text)
    assert len(read.rows) == 1 + told.head
    position, time, *rest = read.rows[1]
    assert (position, rest) == (
        "1",
        ["TransparencyLog.KeyAdded", "transparency-log ledger", "operator tester"],
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", time)
    for wanted in ((tmp_path / "checkpoint").read_text(), (tmp_path / "keys").read_text().strip()):
        assert wanted in text
    assert "kitledger-verify ." in text
    own = f"head -n 5 checkpoints/{told.head} &gt; stamped"
    stamp = f"openssl ts -verify -in checkpoints/{told.head}.tsr -token_in -data stamped"
    assert own in text
    assert stamp in text
    assert "@media print" in text


def test_what_a_sender_sent_is_text_in_it(told: Log, store: str, tmp_path: Path) -> None:
    told.export(tmp_path, subjects=(Subject("later", HOSTILE), Subject("kit", "<b>")))
    read = Page(page(tmp_path))
    things = [row[3] for row in read.rows]
    assert things[-1] == 'later <script>"&\\x1b[31m\\u202e'
    assert "kit <b>" in things
    assert not read.elements & {"script", "a", "img", "link", "iframe"}
    assert read.attributes <= {"lang", "charset", "name", "content"}
    assert "\x1b" not in page(tmp_path)
    assert "\u202e" not in page(tmp_path)


def test_a_long_list_ends_and_says_so(
    told: Log, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.bundles.page.MOST_ROWS", 10)
    told.export(tmp_path)
    assert len(Page(page(tmp_path)).rows) == 1 + 10
    assert f"The first 10 of {told.head} events" in page(tmp_path)
