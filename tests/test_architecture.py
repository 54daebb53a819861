"""The house is built as drawn, and the documents say all that there is to use."""

import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import domain
from domain.aggregate import Aggregate
from receiver.commands.cli import kitledger
from receiver.server import metrics
from receiver.settings import Settings

ROOT = Path(__file__).parents[1]
PARTS = ("audit", "domain", "projections", "receiver", "registry", "store")
ADVICE = """
Imports go one way: receiver, then audit, then projections, then domain; the store stands beside the domain.
Move what is wanted from above down to where both may see it, or hand it in as an argument from
receiver/services.py, where everything is put together. A contract in setup.cfg is changed only
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


def terms() -> dict[str, str]:
    """Return each term of the glossary, and where it says that it lives."""
    rows = re.findall(r"^\| (.+?) \| .+ \| `(.+?)` \|$", read("docs/glossary.md"), re.MULTILINE)
    return dict(rows)


def packages() -> list[str]:
    """Return the dotted names of the product's packages."""
    found = (file.parent for part in PARTS for file in (ROOT / part).rglob("__init__.py"))
    return sorted(".".join(folder.relative_to(ROOT).parts) for folder in found)


def aggregates() -> dict[str, str]:
    """Return the name of each aggregate, and its module's path."""
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        importlib.import_module(module.name)
    found = list(Aggregate.__subclasses__())
    for each in found:
        found += each.__subclasses__()
    ours = [each for each in found if each.__module__.startswith("domain.")]
    return {each.__name__: f"{each.__module__.replace('.', '/')}.py" for each in ours}


@pytest.mark.parametrize("package", packages())
def test_every_package_is_in_the_glossary(package: str) -> None:
    place = f"{package.replace('.', '/')}/"
    line = f"| {package} | … | `{place}` |"
    assert terms().get(package) == place, f"add the line {line} to docs/glossary.md"


@pytest.mark.parametrize("aggregate", sorted(aggregates()))
def test_every_aggregate_is_in_the_glossary(aggregate: str) -> None:
    place = aggregates()[aggregate]
    line = f"| {aggregate} | … | `{place}` |"
    assert terms().get(aggregate) == place, f"add the line {line} to docs/glossary.md"


def test_what_the_glossary_names_is_there() -> None:
    gone = [f"{term}: {place}" for term, place in terms().items() if not (ROOT / place).exists()]
    assert not gone, f"correct these in docs/glossary.md: {', '.join(gone)}"


def test_there_are_packages_and_aggregates_to_explain() -> None:
    assert "domain.aggregates" in packages()
    assert {"Kit", "GroupTree"} <= aggregates().keys()
