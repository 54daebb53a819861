"""A group of an organization, and its place in the tree of groups."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.aggregate import Aggregate, Event


@dataclass(frozen=True, kw_only=True)
class OfGroup(Event):
    """Something happened to one group of an organization."""

    organization: int
    group: int


class Group(Aggregate):
    """One group; the root's id is the organization's, and the root alone has no parent."""

    organization: int
    group: int
    name: str

    @dataclass(frozen=True, kw_only=True)
    class Made(OfGroup):
        """The group came to be, at a place in the tree where it stays until it is moved."""

        TOPIC: ClassVar[str] = "Group.Made"
        name: str
        parent: int | None

        def apply(self, aggregate: "Group") -> None:
            """Assign the first state."""
            aggregate.organization, aggregate.group = self.organization, self.group
            aggregate.name, aggregate.parent = self.name, self.parent

    @dataclass(frozen=True, kw_only=True)
    class Renamed(OfGroup):
        """The group got another name."""

        TOPIC: ClassVar[str] = "Group.Renamed"
        name: str

        def apply(self, aggregate: "Group") -> None:
            """Assign the name."""
            aggregate.name = self.name

    @dataclass(frozen=True, kw_only=True)
    class Identified(OfGroup):
        """The group got an identifier of its organization's own, another one, or none any more."""

        TOPIC: ClassVar[str] = "Group.Identified"
        identifier: str | None

        def apply(self, aggregate: "Group") -> None:
            """Assign the identifier."""
            aggregate.identifier = self.identifier

    @dataclass(frozen=True, kw_only=True)
    class Moved(OfGroup):
        """The group, and all below it, went to another place in the tree."""

        TOPIC: ClassVar[str] = "Group.Moved"
        parent: int

        def apply(self, aggregate: "Group") -> None:
            """Assign the parent."""
            aggregate.parent = self.parent

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.parent: int | None = None
        self.identifier: str | None = None

    @staticmethod
    def create_id(organization: int, group: int) -> str:
        """Name the stream of a group."""
        return f"group/{organization}/{group}"

    def make(
        self, *, now: datetime, organization: int, group: int, name: str, parent: int | None
    ) -> None:
        """Begin."""
        self.trigger(
            self.Made, now, organization=organization, group=group, name=name, parent=parent
        )

    def rename(self, name: str, *, now: datetime) -> None:
        """Take a name; the same again is no event."""
        if name != self.name:
            self._tell(self.Renamed, now, name=name)

    def identify(self, identifier: str | None, *, now: datetime) -> None:
        """Take an identifier, or none; the same again is no event."""
        if identifier != self.identifier:
            self._tell(self.Identified, now, identifier=identifier)

    def move(self, parent: int, *, now: datetime) -> None:
        """Go below another parent."""
        self._tell(self.Moved, now, parent=parent)

    def _tell(self, event_class: type[OfGroup], now: datetime, **values: object) -> None:
        self.trigger(event_class, now, organization=self.organization, group=self.group, **values)


class GroupTree(Aggregate):
    """The moves in an organization's tree, one after the other: two at once could make a cycle."""

    @dataclass(frozen=True, kw_only=True)
    class Rearranged(Event):
        """A group was moved below another parent."""

        TOPIC: ClassVar[str] = "GroupTree.Rearranged"
        group: int
        parent: int

    @staticmethod
    def create_id(organization: int) -> str:
        """Name the stream of an organization's moves."""
        return f"group-tree/{organization}"

    def rearrange(self, group: int, parent: int, *, now: datetime) -> None:
        """Record that a group goes below another parent."""
        self.trigger(self.Rearranged, now, group=group, parent=parent)
