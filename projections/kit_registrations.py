"""Kit registrations, by id."""

from typing import Any

from sqlalchemy import BigInteger, Column, update

from domain.kit_registration import KitRegistration
from projections import lists
from projections.projection import Projection, Rows, Word, handles, micros, moment, slots
from projections.views import View

TIMES = ("created_at", "modified_at", "verification_date")


class KitRegistrations(Projection):
    """Which customer has which kit, and since when that is verified."""

    name = "kit-registrations"
    registrations = slots(
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
    )
    tables = (registrations,)

    @handles(KitRegistration.Registered)
    def registered(self, rows: Rows, event: KitRegistration.Registered, position: int) -> None:
        """List a registration."""
        rows.upsert(
            self.registrations,
            id=event.registration_id,
            created_at=micros(event.timestamp),
            modified_at=micros(event.timestamp),
            customer=event.customer,
            kit=event.kit,
            verification_date=event.verification_date and micros(event.verification_date),
        )

    @handles(KitRegistration.VerificationDateSet)
    def verification_date_set(
        self, rows: Rows, event: KitRegistration.VerificationDateSet, position: int
    ) -> None:
        """Show the new date."""
        table = self.registrations[rows.slot]
        rows.change(
            update(table)
            .where(table.c.id == event.registration_id)
            .values(
                modified_at=micros(event.timestamp),
                verification_date=event.verification_date and micros(event.verification_date),
            )
        )

    def one(self, view: View, registration_id: int) -> dict[str, Any] | None:
        """Return one registration."""
        return next(iter(self.page(view, limit=1, id=registration_id)), None)

    def page(self, view: View, **wanted: Any) -> list[dict[str, Any]]:
        """Return registrations by rising id; see lists.page for what can be wanted."""
        table = self.registrations[view.slot]
        rows = lists.page(view.connection, table, ("id",), **wanted)
        for row in rows:
            row.update({name: moment(row[name]) for name in TIMES if row[name] is not None})
        return rows
