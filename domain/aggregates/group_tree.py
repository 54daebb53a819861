"""The moves of groups in an organization's tree."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.aggregate import Aggregate, Event


class GroupTree(Aggregate):
    """The moves in one organization, in one stream, so that concurrent moves can't close a cycle."""

    category = "group-tree"
    key_type = int

    @dataclass(frozen=True, kw_only=True)
    class Rearranged(Event):
        """A group was moved below another parent."""

        TOPIC: ClassVar[str] = "GroupTree.Rearranged"
        group_id: int
        parent_id: int

        @property
        def organization_id(self) -> int:
            """Return the organization, which its stream names."""
            return int(self.originator_id.partition("/")[2])

        def apply(self, aggregate: "GroupTree") -> None:
            aggregate.last_move = {"group_id": self.group_id, "parent_id": self.parent_id}

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.last_move: dict[str, int] | None = None

    @staticmethod
    def create_id(organization_id: int) -> str:
        """Name the stream of an organization's moves."""
        return f"group-tree/{organization_id}"

    def rearrange(self, group_id: int, parent_id: int, *, now: datetime) -> None:
        """Record that a group moves below another parent."""
        self.trigger(self.Rearranged, now, group_id=group_id, parent_id=parent_id)
