"""Claims: the reservation pattern, by which a value that must be unique has one holder at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.aggregate import Aggregate, Event


@dataclass(frozen=True, kw_only=True)
class ClaimEvent(Event):
    """An event of one claim; its stream names the organization."""

    @property
    def organization_id(self) -> int:
        """Return the organization of the holder."""
        return int(self.originator_id.split("/")[2])


class Claim(Aggregate):
    """The reservation of one value by one holder; the stream is named by the value.

    Two writers that reserve the same value append to the same stream, so one of them fails.
    """

    category = "claim"

    @dataclass(frozen=True, kw_only=True)
    class Taken(ClaimEvent):
        """The holder reserved the value."""

        TOPIC: ClassVar[str] = "Claim.Taken"
        holder: int

        def apply(self, aggregate: "Claim") -> None:
            aggregate.holder = self.holder

    @dataclass(frozen=True, kw_only=True)
    class Freed(ClaimEvent):
        """The holder released the value."""

        TOPIC: ClassVar[str] = "Claim.Freed"

        def apply(self, aggregate: "Claim") -> None:
            aggregate.holder = None

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.holder: int | None = None

    @staticmethod
    def identifier_key(organization_id: int, identifier: str) -> str:
        """Name the claim of a group on an identifier in its organization."""
        return f"claim/group-identifier/{organization_id}/{identifier}"

    @staticmethod
    def registration_key(organization_id: int, profile_id: int, group_id: int, type: str) -> str:  # noqa: A002
        """Name the claim of an active registration on its profile, group and type."""
        return f"claim/registration/{organization_id}/{profile_id}/{group_id}/{type}"

    def take(self, holder: int, *, now: datetime, otherwise: Exception) -> None:
        """Reserve the value for `holder`; raises `otherwise` when another holder has it."""
        if self.holder not in {None, holder}:
            raise otherwise
        if self.holder is None:
            self.trigger(self.Taken, now, holder=holder)

    def free(self, *, now: datetime) -> None:
        """Release the value."""
        if self.holder is not None:
            self.trigger(self.Freed, now)
