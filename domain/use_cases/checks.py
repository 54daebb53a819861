"""The conditions that a caller may set to a change."""

from collections.abc import Callable

Check = Callable[..., None]
"""A condition of a change: called with the current state, or without arguments for a new thing; may raise.

No other writer can change that state before the change is saved.
"""


def unconditional(*_: object) -> None:
    """Let every change pass."""
