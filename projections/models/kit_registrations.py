"""Kit registrations, by id."""

from typing import Any

from sqlalchemy import BigInteger, Column

from domain.aggregates.kit_registration import KitRegistration
from projections import lists
from projections.batch_writer import BatchWriter
from projections.projection import Projection, handles
from projections.slot_tables import Word, versioned_tables
from projections.snapshots import Snapshot
from projections.times import from_microseconds, to_microseconds

TIMES = ("created_at", "modified_at", "verification_date")


class KitRegistrations(Projection):
    """The registrations of kits to customers, with their verification dates."""

    name = "kit-registrations"
    registrations = versioned_tables(
        "kit_registrations",
        lambda: [
            Column("id", BigInteger, primary_key=True, autoincrement=False),
            Column("created_at", BigInteger, nullable=False),
            Column("modified_at", BigInteger, nullable=False),
            Column("customer", BigInteger, nullable=False),
            Column("kit", Word, nullable=False),
            Column("verification_date", BigInteger),
        ],
        indexes=[("customer", "id"), ("kit", "id"), ("customer", "kit", "id")],
        rising="id",
    )
    tables = (registrations,)

    @handles(KitRegistration.Registered)
    def registered(
        self, writer: BatchWriter, event: KitRegistration.Registered, position: int
    ) -> None:
        """Add the row of a registration."""
        writer.upsert(
            self.registrations,
            id=event.registration_id,
            created_at=to_microseconds(event.timestamp),
            modified_at=to_microseconds(event.timestamp),
            customer=event.customer,
            kit=event.kit,
            verification_date=event.verification_date and to_microseconds(event.verification_date),
        )

    @handles(KitRegistration.VerificationDateSet)
    def verification_date_set(
        self, writer: BatchWriter, event: KitRegistration.VerificationDateSet, position: int
    ) -> None:
        """Set the verification date."""
        writer.change(
            self.registrations,
            {"id": event.registration_id},
            modified_at=to_microseconds(event.timestamp),
            verification_date=event.verification_date and to_microseconds(event.verification_date),
        )

    def one(self, snapshot: Snapshot, registration_id: int) -> dict[str, Any] | None:
        """Return one registration."""
        return next(iter(self.page(snapshot, limit=1, id=registration_id)), None)

    def page(self, snapshot: Snapshot, **wanted: Any) -> list[dict[str, Any]]:
        """Return registrations by rising id; see lists.page for the arguments."""
        rows = lists.page(snapshot, self.registrations, ("id",), **wanted)
        for row in rows:
            row.update(
                {name: from_microseconds(row[name]) for name in TIMES if row[name] is not None}
            )
        return rows


PROJECTION = KitRegistrations()
