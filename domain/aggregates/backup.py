"""The backups that operators took of the ledger."""

from dataclasses import dataclass
from typing import ClassVar

from domain.aggregate import Aggregate, Event


class Backup(Aggregate):
    """All backups, in one stream; `position` is the last that the newest one holds."""

    category = "backup"

    @dataclass(frozen=True, kw_only=True)
    class Made(Event):
        """A copy of the ledger up to a position was made, in a file of this name."""

        TOPIC: ClassVar[str] = "Backup.Made"
        file: str
        position: int

        def apply(self, aggregate: "Backup") -> None:
            aggregate.file, aggregate.position = self.file, self.position

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.file: str | None = None
        self.position: int | None = None

    @staticmethod
    def create_id() -> str:
        """Name the stream of all backups."""
        return "backup/ledger"
