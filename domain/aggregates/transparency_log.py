"""The transparency log of the ledger: which keys sign its checkpoints, and under which origin."""

from dataclasses import dataclass
from typing import ClassVar

from domain.aggregate import Aggregate, Event


class TransparencyLog(Aggregate):
    """The only one, in one stream; `verifier_keys` are those whose signatures count now.

    Keys are in the form of https://c2sp.org/signed-note; their names are the origin.
    """

    category = "transparency-log"

    @dataclass(frozen=True, kw_only=True)
    class KeyAdded(Event):
        """A key signs checkpoints from now on, beside those that did."""

        TOPIC: ClassVar[str] = "TransparencyLog.KeyAdded"
        verifier_key: str

        def apply(self, aggregate: "TransparencyLog") -> None:
            aggregate.verifier_keys = [*aggregate.verifier_keys, self.verifier_key]

    @dataclass(frozen=True, kw_only=True)
    class KeyRetired(Event):
        """A key signs no more."""

        TOPIC: ClassVar[str] = "TransparencyLog.KeyRetired"
        verifier_key: str

        def apply(self, aggregate: "TransparencyLog") -> None:
            kept = [each for each in aggregate.verifier_keys if each != self.verifier_key]
            aggregate.verifier_keys = kept

    @dataclass(frozen=True, kw_only=True)
    class OriginBegun(Event):
        """A new origin begins with these keys: its checkpoints need not extend the last one before."""

        TOPIC: ClassVar[str] = "TransparencyLog.OriginBegun"
        verifier_keys: list[str]
        last_checkpoint: str | None

        def apply(self, aggregate: "TransparencyLog") -> None:
            aggregate.verifier_keys = list(self.verifier_keys)
            aggregate.last_checkpoint = self.last_checkpoint

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.verifier_keys: list[str] = []
        self.last_checkpoint: str | None = None

    @staticmethod
    def create_id() -> str:
        """Name the stream."""
        return "transparency-log/ledger"
