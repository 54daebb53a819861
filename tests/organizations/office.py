"""The use cases of organizations on a ledger in a real file, told in few words."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.aggregate import Event
from domain.group import Group
from domain.ledger import Ledger
from domain.organizations import GroupChange, Organizations, Registered, RegistrationChange
from tests.domain.scene import NOON, history

ROOT, NORTH, SOUTH, DEEP = 5, 1, 2, 3
"""An organization, two groups of it, and one below NORTH."""


def at(hour: int) -> datetime:
    """Return so many hours after noon."""
    return NOON + timedelta(hours=hour)


def pass_any(*_: Any) -> None:
    """Check nothing."""


@dataclass
class Office:
    """What registrars do, each thing an hour after the one before."""

    ledger: Ledger
    organization: int = ROOT
    hours: int = 0
    seen: int = 0
    use: Organizations = field(init=False)

    def __post_init__(self) -> None:
        self.use = Organizations(self.ledger)

    def now(self) -> datetime:
        """Return the next hour."""
        self.hours += 1
        return at(self.hours)

    def put(
        self, group: int, name: str = "Group", check: Callable[..., None] = pass_any, **said: Any
    ) -> tuple[Group, list[int], bool]:
        """Make or change a group."""
        change = GroupChange(name, **said, sets=frozenset({"name", *said}))
        return self.use.put_group(self.organization, group, change, check, now=self.now())

    def tree(self) -> None:
        """Make the root, NORTH and SOUTH below it, and DEEP below NORTH."""
        self.put(self.organization)
        self.put(NORTH, identifier="north")
        self.put(SOUTH, identifier="south")
        self.put(DEEP, parent=NORTH)
        self.look_away()

    def register(self, profile: int = 70, type: str = "patient", **group: Any) -> Registered:  # noqa: A002
        """Register a profile, to NORTH if no group is named."""
        change = RegistrationChange(type=type, **(group or {"group": NORTH}))
        return self.use.register(self.organization, profile, change, now=self.now())

    def change(
        self, registered: Registered, check: Callable[..., None] = pass_any, **said: Any
    ) -> Registered:
        """Change a registration."""
        change = RegistrationChange(**said, sets=frozenset(said))
        return self.use.change(*self.named(registered), change, check, now=self.now())

    def deactivate(
        self, registered: Registered, check: Callable[..., None] = pass_any
    ) -> Registered:
        """Deactivate a registration, and return what it is then."""
        self.use.deactivate(*self.named(registered), check, now=self.now())
        return self.use.registration(*self.named(registered))

    def named(self, registered: Registered) -> tuple[int, int, int]:
        """Return by what a registration is found."""
        return (
            self.organization,
            registered.registration.profile,
            registered.registration.registration,
        )

    def look_away(self) -> None:
        """Let what was recorded so far be no news."""
        self.seen = self.ledger.store.max_notification_id()

    @property
    def news(self) -> list[Event]:
        """Return what was recorded since."""
        return history(self.ledger, self.seen)

    @property
    def topics(self) -> list[str]:
        """Return the topics of the news."""
        return [event.TOPIC for event in self.news]
