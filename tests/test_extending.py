"""The page on extending shows the sample as it is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests" / "samples" / "shipment"
PAGE = (ROOT / "docs" / "extending.md").read_text()
SHOWN = dict(re.findall(r"^<!-- (\S+) -->\n```python\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL))
FILES = sorted(str(file.relative_to(ROOT)) for file in SAMPLE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES)
def test_the_page_shows_each_file_of_the_sample(file: str) -> None:
    assert SHOWN.get(file) == (ROOT / file).read_text(), f"copy {file} into docs/extending.md"


def test_the_page_shows_nothing_else() -> None:
    assert sorted(SHOWN) == FILES


def test_the_page_names_only_what_there_is() -> None:
    named = re.findall(r"`((?:docs|domain|projections|receiver|tests)/[\w./]*)`", PAGE)
    here = [name for name in named if (ROOT / name).exists() or (SAMPLE / name).exists()]
    assert named == here
    assert len(named) > 10
