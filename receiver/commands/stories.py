"""Printing the entries of histories: as JSON lines, or for people, in columns and colours."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from msgspec import to_builtins

from receiver.commands.shared import json_text
from receiver.commands.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.text import Text

    from audit.entries import Entry

COLOURS = ("cyan", "magenta", "blue", "yellow", "green", "bright_red", "bright_cyan")
WIDEST_EVENT = 27
BEFORE, AFTER = "red", "green"


def print_entries(entries: "Iterable[Entry]", last: int, *, as_json: bool) -> None:
    """Print entries as they come; `last` is the highest of their positions."""
    for entry in entries:
        if as_json:
            recorded_at = entry.recorded_at.isoformat(timespec="microseconds")
            click.echo(json_text({**to_builtins(entry), "recorded_at": recorded_at}))
        else:
            _print(_line(entry, len(str(last))))


def print_state(
    kind: str, key: str | int, state: Mapping[str, Any] | None, position: int, *, as_json: bool
) -> None:
    """Print a thing as it was at a position; `state` is None if it did not exist."""
    if as_json:
        subject = {"kind": kind, "id": key}
        click.echo(json_text({"position": position, "subject": subject, "state": state}))
        return
    from rich.text import Text

    what = "did not exist" if state is None else "was"
    _print(
        Text.assemble(
            (printable(f"{kind} {key}"), f"bold {_colour(kind)}"), f" {what} at position {position}"
        )
    )
    width = max(map(len, state or [""]))
    for name, value in (state or {}).items():
        _print(Text(printable(f"  {name:<{width}}  {_value(value)}")))


@contextmanager
def progress(first: int, last: int) -> "Iterator[Callable[[Entry], None]]":
    """Show progress on standard error when that is a terminal, and standard output is not."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    hidden = sys.stdout.isatty() or not console.is_terminal
    with Progress(console=console, transient=True, redirect_stdout=False, disable=hidden) as bars:
        bar = bars.add_task("Replaying", total=last - first + 1)
        yield lambda entry: bars.update(bar, completed=entry.position - first + 1)


def _line(entry: "Entry", digits: int) -> "Text":
    """Return an entry on one line, which begins with columns of fixed width."""
    from rich.text import Text

    colour = _colour(entry.subject.kind)
    time = entry.recorded_at.isoformat(" ", "microseconds").removesuffix("+00:00")
    line = Text.assemble(
        (f"{entry.position:>{digits}}", "bold"),
        (f"  {time}  ", "dim"),
        (f"{entry.event:<{WIDEST_EVENT}} ", colour),
        (printable(f" {entry.subject.kind} {entry.subject.id}"), f"bold {colour}"),
    )
    if entry.by is not None:
        line.append(printable(f"  by {entry.by.kind} {entry.by.name or entry.by.id}"))
    for number, change in enumerate(entry.changes):
        line.append(printable(f"{', ' if number else '  '}{change.field} "))
        line.append(printable(_value(change.before)), BEFORE)
        line.append(" → ")
        line.append(printable(_value(change.after)), AFTER)
    if entry.why is not None:
        line.append(printable(f"  why: {entry.why}"), "italic")
    return line


def _print(line: "Text") -> None:
    """Print a line, with colours and without line breaks of its own on a terminal."""
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(line, soft_wrap=True)
    else:
        click.echo(line.plain)


def _colour(kind: str) -> str:
    """Return the colour of a kind: the same each time."""
    return COLOURS[sum(map(ord, kind)) % len(COLOURS)]


def _value(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json_text(value)
