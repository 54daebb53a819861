"""A registration of a profile to a group, as a patient or as a provider."""

import builtins
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.aggregate import Aggregate, Event


@dataclass(frozen=True, kw_only=True)
class OfRegistration(Event):
    """Something happened to one registration."""

    organization: int
    registration: int

    def apply(self, aggregate: "Registration") -> None:
        """Assign when it was updated last."""
        aggregate.updated = self.timestamp


class Registration(Aggregate):
    """One registration, known by its integer id; without a time of deactivation it is active."""

    organization: int
    registration: int
    profile: int
    group: int
    type: str
    created: datetime
    updated: datetime

    @dataclass(frozen=True, kw_only=True)
    class Registered(OfRegistration):
        """The profile was registered to the group."""

        TOPIC: ClassVar[str] = "Registration.Registered"
        profile: int
        group: int
        type: str

        def apply(self, aggregate: "Registration") -> None:
            """Assign the first state."""
            super().apply(aggregate)
            aggregate.organization, aggregate.registration = self.organization, self.registration
            aggregate.profile, aggregate.group = self.profile, self.group
            aggregate.type, aggregate.created = self.type, self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class Moved(OfRegistration):
        """It is to another group from now on."""

        TOPIC: ClassVar[str] = "Registration.Moved"
        group: int

        def apply(self, aggregate: "Registration") -> None:
            """Assign the group."""
            super().apply(aggregate)
            aggregate.group = self.group

    @dataclass(frozen=True, kw_only=True)
    class TypeChanged(OfRegistration):
        """It is of another type from now on."""

        TOPIC: ClassVar[str] = "Registration.TypeChanged"
        type: str

        def apply(self, aggregate: "Registration") -> None:
            """Assign the type."""
            super().apply(aggregate)
            aggregate.type = self.type

    @dataclass(frozen=True, kw_only=True)
    class Deactivated(OfRegistration):
        """It is inactive since then."""

        TOPIC: ClassVar[str] = "Registration.Deactivated"
        deactivated: datetime

        def apply(self, aggregate: "Registration") -> None:
            """Assign the time."""
            super().apply(aggregate)
            aggregate.deactivated = self.deactivated

    @dataclass(frozen=True, kw_only=True)
    class Reactivated(OfRegistration):
        """It is active again."""

        TOPIC: ClassVar[str] = "Registration.Reactivated"

        def apply(self, aggregate: "Registration") -> None:
            """Assign no time."""
            super().apply(aggregate)
            aggregate.deactivated = None

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.deactivated: datetime | None = None

    @staticmethod
    def create_id(registration: int) -> str:
        """Name the stream of a registration."""
        return f"registration/{registration}"

    def register(
        self,
        *,
        now: datetime,
        organization: int,
        registration: int,
        profile: int,
        group: int,
        type: str,  # noqa: A002 the field's name
    ) -> None:
        """Begin."""
        self.trigger(
            self.Registered,
            now,
            organization=organization,
            registration=registration,
            profile=profile,
            group=group,
            type=type,
        )

    def change(
        self,
        *,
        now: datetime,
        group: int,
        type: str,  # noqa: A002 the field's name
        deactivated: datetime | None,
    ) -> None:
        """Become what is given; what is the same already is no event."""
        if group != self.group:
            self._tell(self.Moved, now, group=group)
        if type != self.type:
            self._tell(self.TypeChanged, now, type=type)
        if deactivated is None and self.deactivated is not None:
            self._tell(self.Reactivated, now)
        elif deactivated is not None and deactivated != self.deactivated:
            self._tell(self.Deactivated, now, deactivated=deactivated)

    def _tell(
        self, event_class: "builtins.type[OfRegistration]", now: datetime, **values: object
    ) -> None:
        self.trigger(
            event_class,
            now,
            organization=self.organization,
            registration=self.registration,
            **values,
        )
