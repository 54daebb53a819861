"""A claim: the one place where those meet who want what only one may have."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.aggregate import Aggregate, Event


class Claim(Aggregate):
    """Who holds something that has at most one holder at a time; the stream's name says what."""

    @dataclass(frozen=True, kw_only=True)
    class Taken(Event):
        """Somebody has it now."""

        TOPIC: ClassVar[str] = "Claim.Taken"
        holder: int

        def apply(self, aggregate: "Claim") -> None:
            """Assign the holder."""
            aggregate.holder = self.holder

    @dataclass(frozen=True, kw_only=True)
    class Freed(Event):
        """Nobody has it any more."""

        TOPIC: ClassVar[str] = "Claim.Freed"

        def apply(self, aggregate: "Claim") -> None:
            """Assign nobody."""
            aggregate.holder = None

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.holder: int | None = None

    @staticmethod
    def identifier(organization: int, identifier: str) -> str:
        """Name the claim of a group on an identifier in its organization."""
        return f"claim/group-identifier/{organization}/{identifier}"

    @staticmethod
    def place(organization: int, profile: int, group: int, type: str) -> str:  # noqa: A002
        """Name the claim of an active registration on its profile, group and type."""
        return f"claim/registration/{organization}/{profile}/{group}/{type}"

    def take(self, holder: int, *, now: datetime, otherwise: Exception) -> None:
        """Let `holder` have it; raises `otherwise` when somebody else does."""
        if self.holder not in {None, holder}:
            raise otherwise
        if self.holder is None:
            self.trigger(self.Taken, now, holder=holder)

    def free(self, *, now: datetime) -> None:
        """Let nobody have it."""
        if self.holder is not None:
            self.trigger(self.Freed, now)
