"""A registration of a profile to a group, as a patient or as a provider."""

import builtins
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from domain.aggregate import Aggregate, Event


@dataclass(frozen=True, kw_only=True)
class RegistrationEvent(Event):
    """An event of one registration."""

    organization_id: int
    registration_id: int

    def apply(self, aggregate: "Registration") -> None:
        aggregate.updated = self.timestamp


class Registration(Aggregate):
    """One registration, identified by its integer id; active unless it has a time of deactivation."""

    category = "registration"
    key_type = int

    organization_id: int
    registration_id: int
    profile_id: int
    group_id: int
    type: str
    created: datetime
    updated: datetime

    @dataclass(frozen=True, kw_only=True)
    class Registered(RegistrationEvent):
        """The profile was registered to the group."""

        TOPIC: ClassVar[str] = "Registration.Registered"
        profile_id: int
        group_id: int
        type: str

        def apply(self, aggregate: "Registration") -> None:
            super().apply(aggregate)
            aggregate.organization_id = self.organization_id
            aggregate.registration_id = self.registration_id
            aggregate.profile_id, aggregate.group_id = self.profile_id, self.group_id
            aggregate.type, aggregate.created = self.type, self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class Moved(RegistrationEvent):
        """The registration moved to another group."""

        TOPIC: ClassVar[str] = "Registration.Moved"
        group_id: int

        def apply(self, aggregate: "Registration") -> None:
            super().apply(aggregate)
            aggregate.group_id = self.group_id

    @dataclass(frozen=True, kw_only=True)
    class TypeChanged(RegistrationEvent):
        """The registration got another type."""

        TOPIC: ClassVar[str] = "Registration.TypeChanged"
        type: str

        def apply(self, aggregate: "Registration") -> None:
            super().apply(aggregate)
            aggregate.type = self.type

    @dataclass(frozen=True, kw_only=True)
    class Deactivated(RegistrationEvent):
        """The registration was deactivated, as of the time `deactivated`."""

        TOPIC: ClassVar[str] = "Registration.Deactivated"
        deactivated: datetime

        def apply(self, aggregate: "Registration") -> None:
            super().apply(aggregate)
            aggregate.deactivated = self.deactivated

    @dataclass(frozen=True, kw_only=True)
    class Reactivated(RegistrationEvent):
        """The registration was reactivated."""

        TOPIC: ClassVar[str] = "Registration.Reactivated"

        def apply(self, aggregate: "Registration") -> None:
            super().apply(aggregate)
            aggregate.deactivated = None

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.deactivated: datetime | None = None

    def values(self) -> dict[str, Any]:
        """Return what a registration is, with its key as `id`."""
        return {**super().values(), "id": self.registration_id}

    @staticmethod
    def create_id(registration_id: int) -> str:
        """Name the stream of a registration."""
        return f"registration/{registration_id}"

    def register(
        self,
        *,
        now: datetime,
        organization_id: int,
        registration_id: int,
        profile_id: int,
        group_id: int,
        type: str,  # noqa: A002 the field's name
    ) -> None:
        """Register the profile to the group."""
        self.trigger(
            self.Registered,
            now,
            organization_id=organization_id,
            registration_id=registration_id,
            profile_id=profile_id,
            group_id=group_id,
            type=type,
        )

    def change(
        self,
        *,
        now: datetime,
        group_id: int,
        type: str,  # noqa: A002 the field's name
        deactivated: datetime | None,
    ) -> None:
        """Set the given values; an unchanged value is no event."""
        if group_id != self.group_id:
            self._change(self.Moved, now, group_id=group_id)
        if type != self.type:
            self._change(self.TypeChanged, now, type=type)
        if deactivated is None and self.deactivated is not None:
            self._change(self.Reactivated, now)
        elif deactivated is not None and deactivated != self.deactivated:
            self._change(self.Deactivated, now, deactivated=deactivated)

    def _change(
        self, event_class: "builtins.type[RegistrationEvent]", now: datetime, **values: object
    ) -> None:
        self.trigger(
            event_class,
            now,
            organization_id=self.organization_id,
            registration_id=self.registration_id,
            **values,
        )
