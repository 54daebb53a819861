"""The ledger as a list of its use cases: each gets, tells and saves."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar, cast

from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, Notification, StoredEvent

from domain.aggregate import Aggregate, Event
from domain.delivery import Quarantine, VerifiedDelivery
from domain.errors import (
    KitOfAnotherCustomer,
    StillRefused,
    UnknownKitRegistration,
    UnknownQuarantined,
)
from domain.intake import Intake, Places
from domain.kit_registration import KitHolder, KitRegistration
from domain.message import Message, Outcome, Reader, Unfit
from domain.release import Release

A = TypeVar("A", bound=Aggregate)
T = TypeVar("T")


class EventRecorder(Protocol):
    """What the ledger asks of a store, beside what eventsourcing does."""

    def heads(self, originator_ids: Sequence[str]) -> dict[str, int]: ...
    def select_stream(self, originator_id: str) -> list[Notification]: ...
    def next_id(self, kind: str) -> int: ...
    def exclusively(self, decide: Callable[[], T], streams: Sequence[str] = ()) -> T: ...
    def max_notification_id(self) -> int: ...
    def insert_events(self, stored_events: Sequence[StoredEvent]) -> Sequence[int]: ...
    def select_batch(
        self, after: int, *, topics: Sequence[str], limit: int, max_bytes: int
    ) -> tuple[list[Notification], int]: ...
    def select_notifications(
        self, start: int | None, limit: int, stop: int | None = None
    ) -> list[Notification]: ...


@dataclass(frozen=True)
class Recorded:
    """An event, and the position at which it is recorded."""

    position: int
    event: Event


class Ledger(Application[str]):
    """Record what is received and decided, on any store that eventsourcing knows."""

    @property
    def store(self) -> EventRecorder:
        """Return the recorder, as the ledger sees it."""
        return cast(EventRecorder, self.recorder)

    def receive(
        self, delivery: VerifiedDelivery, messages: Sequence[Message | Unfit], *, batch: bool
    ) -> list[Outcome]:
        """Record or hold every envelope of a delivery, all in one transaction; one outcome for each.

        A repeat changes nothing. Raises eventsourcing's PersistenceError when the store can't be
        written: then nothing of the delivery is kept. It is decided where nobody else can write: it
        reads little before it does, and what it reads is found for all that wait at once.
        """
        streams = Intake.streams_of(delivery, messages, batch=batch)

        def attempt() -> list[Outcome]:
            heads = self._heads(streams)
            intake = Intake(delivery, heads, self.history, batch=batch)
            decided = [intake.take(message) for message in messages]
            places = self._places(self.save_events(intake.events))
            return [outcome(places) for outcome in decided]

        return self.store.exclusively(attempt, streams)

    def register_kit(
        self, *, now: datetime, customer: int, kit: str, verification_date: datetime | None
    ) -> tuple[KitRegistration, bool]:
        """Give a kit to a customer; return the registration and whether it is new.

        Raises KitOfAnotherCustomer.
        """

        def attempt() -> tuple[KitRegistration, bool]:
            holder = self.load(KitHolder, KitHolder.create_id(kit))
            if holder.registration_id is not None:
                if holder.customer != customer:
                    raise KitOfAnotherCustomer(f"kit {kit} belongs to another customer")
                return self.kit_registration(holder.registration_id), False
            given = self.store.next_id("kit-registration")
            registration = KitRegistration(KitRegistration.create_id(given))
            registration.register(
                now=now,
                registration_id=given,
                customer=customer,
                kit=kit,
                verification_date=verification_date,
            )
            holder.assign(now=now, customer=customer, registration_id=given)
            self.save_aggregates(registration, holder)
            return registration, True

        return self.until_saved(attempt)

    def set_verification_date(
        self, registration_id: int, verification_date: datetime | None, *, now: datetime
    ) -> KitRegistration:
        """Set or clear the date of a registration; raises UnknownKitRegistration."""

        def attempt() -> KitRegistration:
            registration = self.kit_registration(registration_id)
            registration.set_verification_date(verification_date, now=now)
            self.save_aggregates(registration)
            return registration

        return self.until_saved(attempt)

    def kit_registration(self, registration_id: int) -> KitRegistration:
        """Load a registration; raises UnknownKitRegistration."""
        registration = self.load(KitRegistration, KitRegistration.create_id(registration_id))
        if registration.version == 0:
            raise UnknownKitRegistration(f"there is no kit registration {registration_id}")
        return registration

    def quarantined(self, position: int) -> Quarantine:
        """Load what is held at a position; raises UnknownQuarantined."""
        known = 0 < position < 2**63
        stored = self.store.select_notifications(position, 1, position) if known else []
        if not stored or stored[0].topic != Quarantine.Held.TOPIC:
            raise UnknownQuarantined(f"nothing is quarantined under {position}")
        return self.load(Quarantine, str(stored[0].originator_id))

    def release(
        self, position: int, read: Reader, *, now: datetime, by: str, replace: bool = False
    ) -> list[Outcome]:
        """Record what is held as normal deliveries, read anew; return an outcome for each.

        `read` turns bytes into messages, and says whether they were an array.
        Raises UnknownQuarantined, QuarantineClosed, StillRefused, and WouldReplace when another
        content is recorded and `replace` is not given.
        """

        def attempt() -> list[Outcome]:
            quarantine = self.quarantined(position)
            held = quarantine.release(now=now, by=by)
            messages, batch = read(held.body)
            if batch and held.batch is not None:
                raise StillRefused("it is still invalid: an event in an array is an object")
            heads = self._heads(Intake.streams_of(held.delivery(), messages, batch=batch))
            release = Release(held, heads, self.history, now, batch=batch, replace=replace)
            decided = [release.take(message) for message in messages]
            events = [*release.events, *quarantine.collect_events()]
            places = self._places(self.save_events(events))
            return [outcome(places) for outcome in decided]

        return self.until_saved(attempt)

    def discard(self, position: int, *, now: datetime, by: str, why: str) -> None:
        """Decide that what is held is not recorded; raises UnknownQuarantined, QuarantineClosed."""

        def attempt() -> None:
            quarantine = self.quarantined(position)
            quarantine.discard(now=now, by=by, why=why)
            self.save_aggregates(quarantine)

        self.until_saved(attempt)

    def load(self, kind: type[A], stream: str) -> A:
        """Rebuild an aggregate from its events; at version 0 when there are none."""
        return kind(stream).replay(self.history(stream))

    def history(self, stream: str) -> list[Event]:
        """Return the events of a stream, oldest first."""
        return [self.decode(stored) for stored in self.store.select_stream(stream)]

    def decode(self, stored: StoredEvent) -> Event:
        """Turn a stored event into what it was when it was decided."""
        return cast(Event, self.mapper.to_domain_event(stored))

    def save_aggregates(self, *aggregates: Aggregate) -> list[Recorded]:
        """Save what the aggregates decided, all or nothing."""
        return self.save_events([event for each in aggregates for event in each.collect_events()])

    def save_events(self, events: Sequence[Event]) -> list[Recorded]:
        """Append events, all or nothing; return when they are on disk, with their positions."""
        if not events:
            return []
        positions = self.store.insert_events([self.mapper.to_stored_event(e) for e in events])
        return [Recorded(*pair) for pair in zip(positions, events, strict=True)]

    def until_saved(self, attempt: Callable[[], T]) -> T:
        """Run a use case; if another writer was first, run it again while nobody else can write."""
        try:
            return attempt()
        except IntegrityError:
            return self.store.exclusively(attempt)

    def _heads(self, streams: Sequence[str]) -> dict[str, int]:
        """Return the last version of each of these streams, 0 for those that are new."""
        return dict.fromkeys(streams, 0) | self.store.heads(streams)

    def _places(self, saved: Iterable[Recorded]) -> Places:
        """Return what finds the place of an event: among what was just saved, else in the store."""
        known = {(each.event.originator_id, each.event.originator_version): each for each in saved}

        def find(stream: str, version: int) -> int:
            if (stream, version) in known:
                return known[stream, version].position
            return self.store.select_stream(stream)[version - 1].id

        return find
