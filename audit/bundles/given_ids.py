"""The integers that a ledger gave out, by the names of the streams to which it gave them."""

from collections.abc import Iterable, Mapping

KINDS = ("kit-registration", "registration", "review")
"""The kinds of things whose ids the ledger gives out; that of a thing is the rest of its stream's name."""


class GivenIds:
    """Find the last id of each kind among the streams of events."""

    def __init__(self, kinds: Iterable[str]) -> None:
        self._last = dict.fromkeys(kinds, 0)

    def note(self, stream: str) -> None:
        """Take the name of a stream into account."""
        kind, _, number = stream.partition("/")
        if kind in self._last and number.isascii() and number.isdigit():
            self._last[kind] = max(self._last[kind], int(number))

    def merge(self, last: Mapping[str, int]) -> None:
        """Take what was found elsewhere into account."""
        for kind, given in last.items():
            self._last[kind] = max(self._last.get(kind, 0), given)

    def last(self) -> dict[str, int]:
        """Return the last ids of the kinds that occurred, sorted by kind."""
        return {kind: given for kind, given in sorted(self._last.items()) if given}
