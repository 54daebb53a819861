"""The house is built as drawn, and the documents say all that there is to use."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from receiver.commands.cli import kitledger
from receiver.server import metrics
from receiver.settings import Settings

ROOT = Path(__file__).parents[1]
PARTS = ("domain", "projections", "receiver", "store")
ADVICE = """
Imports go one way: receiver, then projections, then domain; the store stands beside the domain.
Move what is wanted from above down to where both may see it, or hand it in as an argument from
receiver/composition.py, where everything is put together. A contract in setup.cfg is changed only
together with the page in docs/decisions/ that says why.
"""


def read(name: str) -> str:
    """Return a document, or fail with what to do."""
    file = ROOT / name
    if not file.exists():
        pytest.fail(f"{name} is missing: write it, it is what newcomers and operators read")
    return file.read_text()


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command that people are shown."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        elif not command.hidden:
            yield *path, name


class Asked(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def get(self, name: str, default: object = None) -> object:  # type: ignore[override]
        """Remember the name."""
        self[name] = ""
        return default


def settings() -> list[str]:
    """Return the names of all variables that the settings are read from."""
    asked = Asked()
    Settings.from_environment(asked)
    return sorted(asked)


def metric_names() -> list[str]:
    """Return the names under which metrics are scraped."""
    text = metrics.exposition(lambda: [("kits", 0, False)], shared=False).decode()
    return sorted(set(re.findall(r"^# TYPE (kitledger_\w+?)(?:_created)? ", text, re.MULTILINE)))


def test_imports_keep_the_contracts() -> None:
    program = shutil.which("lint-imports", path=Path(sys.executable).parent)
    assert program is not None, "import-linter is missing: pip install --editable '.[test]'"
    done = subprocess.run(
        [program, "--no-cache"], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}{ADVICE}"


@pytest.mark.parametrize("command", list(commands(kitledger)), ids=" ".join)
def test_every_command_is_documented(command: tuple[str, ...]) -> None:
    *groups, name = command
    documents = read("README.md") + read("docs/operations.md")
    start = " ".join(["kitledger", *groups])
    # Either whole, or in a line that lists the subcommands: `kitledger sources add`, `list`, …
    whole = re.search(rf"{start} {name}\b", documents)
    listed = groups and re.search(rf"{start} .*`{name}`", documents)
    assert whole or listed, f"document `{start} {name}` in README.md or docs/operations.md"


@pytest.mark.parametrize("setting", settings())
def test_every_setting_is_documented(setting: str) -> None:
    documents = read("README.md") + read("docs/operations.md")
    assert f"`{setting}`" in documents, f"document `{setting}` in docs/operations.md"


@pytest.mark.parametrize("metric", metric_names())
def test_every_metric_is_documented(metric: str) -> None:
    assert metric in read("docs/operations.md"), f"document `{metric}` in docs/operations.md"


def test_there_is_something_to_document() -> None:
    assert ("quarantine", "release") in list(commands(kitledger))
    assert "DATABASE_URL" in settings()
    assert "kitledger_projection_lag" in metric_names()


@pytest.mark.parametrize("part", PARTS)
def test_every_module_says_what_it_is_for(part: str) -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in (ROOT / part).rglob("*.py")
        if not file.read_text().startswith('"""')
    ]
    assert not silent, f"begin these with a docstring: {', '.join(silent)}"
