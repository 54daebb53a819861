"""A group of an organization, and its parent in the tree of groups."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from domain.aggregate import Aggregate, Event


@dataclass(frozen=True, kw_only=True)
class GroupEvent(Event):
    """An event of one group of an organization."""

    organization_id: int
    group_id: int


class Group(Aggregate):
    """One group; the root's id is the organization's, and the root alone has no parent."""

    category = "group"

    organization_id: int
    group_id: int
    name: str

    @dataclass(frozen=True, kw_only=True)
    class Made(GroupEvent):
        """The group was created, below a parent unless it is the root."""

        TOPIC: ClassVar[str] = "Group.Made"
        name: str
        parent_id: int | None

        def apply(self, aggregate: "Group") -> None:
            aggregate.organization_id, aggregate.group_id = self.organization_id, self.group_id
            aggregate.name, aggregate.parent_id = self.name, self.parent_id

    @dataclass(frozen=True, kw_only=True)
    class Renamed(GroupEvent):
        """The group got another name."""

        TOPIC: ClassVar[str] = "Group.Renamed"
        name: str

        def apply(self, aggregate: "Group") -> None:
            aggregate.name = self.name

    @dataclass(frozen=True, kw_only=True)
    class Identified(GroupEvent):
        """The group got an identifier that is unique in its organization, or lost it."""

        TOPIC: ClassVar[str] = "Group.Identified"
        identifier: str | None

        def apply(self, aggregate: "Group") -> None:
            aggregate.identifier = self.identifier

    @dataclass(frozen=True, kw_only=True)
    class Moved(GroupEvent):
        """The group got another parent; the groups below it moved with it."""

        TOPIC: ClassVar[str] = "Group.Moved"
        parent_id: int

        def apply(self, aggregate: "Group") -> None:
            aggregate.parent_id = self.parent_id

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.parent_id: int | None = None
        self.identifier: str | None = None

    def values(self) -> dict[str, Any]:
        """Return what a group is, with its key as `id`."""
        return {**super().values(), "id": self.group_id}

    @staticmethod
    def create_id(organization_id: int, group_id: int) -> str:
        """Name the stream of a group."""
        return f"group/{organization_id}/{group_id}"

    def make(
        self,
        *,
        now: datetime,
        organization_id: int,
        group_id: int,
        name: str,
        parent_id: int | None,
    ) -> None:
        """Create the group."""
        self.trigger(
            self.Made,
            now,
            organization_id=organization_id,
            group_id=group_id,
            name=name,
            parent_id=parent_id,
        )

    def rename(self, name: str, *, now: datetime) -> None:
        """Rename the group; the same name again is no event."""
        if name != self.name:
            self._change(self.Renamed, now, name=name)

    def identify(self, identifier: str | None, *, now: datetime) -> None:
        """Set or clear the identifier; the same one again is no event."""
        if identifier != self.identifier:
            self._change(self.Identified, now, identifier=identifier)

    def move(self, parent_id: int, *, now: datetime) -> None:
        """Move the group below another parent."""
        self._change(self.Moved, now, parent_id=parent_id)

    def _change(self, event_class: type[GroupEvent], now: datetime, **values: object) -> None:
        self.trigger(
            event_class,
            now,
            organization_id=self.organization_id,
            group_id=self.group_id,
            **values,
        )
