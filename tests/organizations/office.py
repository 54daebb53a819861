"""The use cases of organizations on a ledger in a real file, told in few words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.aggregate import Event
from domain.aggregates.group import Group
from domain.ledger import Ledger
from domain.use_cases import groups, registration_lookup, registrations
from domain.use_cases.groups import GroupChange
from domain.use_cases.registration_lookup import RegistrationInGroup
from domain.use_cases.registrations import RegistrationChange
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

    def now(self) -> datetime:
        """Return the next hour."""
        self.hours += 1
        return at(self.hours)

    def put(
        self, group: int, name: str = "Group", check: Callable[..., None] = pass_any, **said: Any
    ) -> tuple[Group, list[int], bool]:
        """Make or change a group."""
        change = GroupChange(name, **said, sets=frozenset({"name", *said}))
        return groups.put_group(
            self.ledger, self.organization, group, change, check, now=self.now()
        )

    def tree(self) -> None:
        """Make the root, NORTH and SOUTH below it, and DEEP below NORTH."""
        self.put(self.organization)
        self.put(NORTH, identifier="north")
        self.put(SOUTH, identifier="south")
        self.put(DEEP, parent_id=NORTH)
        self.look_away()

    def register(
        self,
        profile: int = 70,
        type: str = "patient",  # noqa: A002 the field's name
        **group: Any,
    ) -> RegistrationInGroup:
        """Register a profile, to NORTH if no group is named."""
        change = RegistrationChange(type=type, **(group or {"group_id": NORTH}))
        return registrations.register(
            self.ledger, self.organization, profile, change, pass_any, now=self.now()
        )

    def change(
        self, registered: RegistrationInGroup, check: Callable[..., None] = pass_any, **said: Any
    ) -> RegistrationInGroup:
        """Change a registration."""
        change = RegistrationChange(**said, sets=frozenset(said))
        return registrations.change_registration(
            self.ledger, *self.named(registered), change, check, now=self.now()
        )

    def deactivate(
        self, registered: RegistrationInGroup, check: Callable[..., None] = pass_any
    ) -> RegistrationInGroup:
        """Deactivate a registration, and return what it is then."""
        registrations.deactivate_registration(
            self.ledger, *self.named(registered), check, now=self.now()
        )
        return registration_lookup.find_registration(self.ledger.streams, *self.named(registered))

    def named(self, registered: RegistrationInGroup) -> tuple[int, int, int]:
        """Return by what a registration is found."""
        return (
            self.organization,
            registered.registration.profile_id,
            registered.registration.registration_id,
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
