"""The events that projections skip: which the log says, beside which the read models' database says."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from audit.reconcile.difference import ROW, Difference
from domain.aggregates.projection import Projection
from domain.ledger import Ledger
from projections.tables import skipped

KIND = skipped.name


class Skips:
    """The positions that a projection skips up to the one that it has reached.

    Only those that an operator skipped by a command count: `agreed` has those of both, `differences` the
    others.
    """

    def __init__(self, ledger: Ledger, connection: Connection, name: str, reached: int) -> None:
        decided = ledger.streams.load(Projection, Projection.create_id(name)).skipped
        written = connection.scalars(select(skipped.c.position).where(skipped.c.name == name))
        self._name, self._reached = name, reached
        self._decided = {each for each in decided if each <= reached}
        self._written = {each for each in written if each <= reached}
        self.agreed = sorted(self._decided & self._written)

    def differences(self) -> Iterator[Difference]:
        """Yield a difference for each position that one of them has alone."""
        for position in sorted(self._decided ^ self._written):
            expected = position if position in self._decided else None
            found = position if position in self._written else None
            key = {"name": self._name, "position": position}
            yield Difference(KIND, key, ROW, expected, found, self._reached)
