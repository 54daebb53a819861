"""Kit registrations, by id."""

from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, String, select, update

from domain.kit_registration import KitRegistration
from projections.projection import Projection, Rows, handles, micros, moment, slots
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
            Column("kit", String, nullable=False),
            Column("verification_date", BigInteger),
        ],
        indexes=[("customer", "id"), ("kit", "id")],
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
        found = self._select(view, [self.registrations[view.slot].c.id == registration_id], 1)
        return found[0] if found else None

    def page(
        self, view: View, *, after: int | None, limit: int, customer: int | None, kit: str | None
    ) -> list[dict[str, Any]]:
        """Return up to `limit` registrations by rising id, from the first after `after`."""
        columns = self.registrations[view.slot].c
        where: list[ColumnElement[bool]] = []
        if after is not None:
            where.append(columns.id > after)
        if customer is not None:
            where.append(columns.customer == customer)
        if kit is not None:
            where.append(columns.kit == kit)
        return self._select(view, where, limit)

    def _select(
        self, view: View, where: list[ColumnElement[bool]], limit: int
    ) -> list[dict[str, Any]]:
        table = self.registrations[view.slot]
        wanted = select(table).where(*where).order_by(table.c.id).limit(limit)
        rows = [dict(row) for row in view.connection.execute(wanted).mappings()]
        for row in rows:
            row.update({name: moment(row[name]) for name in TIMES if row[name] is not None})
        return rows
