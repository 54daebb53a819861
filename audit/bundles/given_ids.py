"""The integers that a ledger gave out, by the names of the streams to which it gave them."""

from collections.abc import Iterable, Mapping

MOST_DIGITS = 18
"""Of an id that a ledger gives out; what is longer was named so by somebody else."""
KINDS = ("kit-registration", "registration", "review")
"""The kinds of things whose ids the ledger gives out; that of a thing is the rest of its stream's name."""


class GivenIds:
    """Find the last id of each kind among the streams of events."""

    def __init__(self, kinds: Iterable[str]) -> None:
        self._last = dict.fromkeys(kinds, 0)

    def note(self, stream: str) -> None:
        """Take the name of a stream into account."""
        kind, _, number = stream.partition("/")
        given = number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS
        if kind in self._last and given:
            self._last[kind] = max(self._last[kind], int(number))

    def merge(self, last: Mapping[str, int]) -> None:
        """Take what was found elsewhere into account."""
        for kind, given in last.items():
            self._last[kind] = max(self._last.get(kind, 0), given)

    def last(self) -> dict[str, int]:
        """Return the last ids of the kinds that occurred, sorted by kind."""
        return {kind: given for kind, given in sorted(self._last.items()) if given}
