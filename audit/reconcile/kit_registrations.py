"""The expected rows of kit registrations."""

from collections.abc import Mapping
from typing import Any

from audit.reconcile.expectation import Expectation, Wanted
from audit.reconcile.log import Log, Stream
from audit.reconcile.versions import timeline
from domain.aggregates.kit_registration import KitRegistration
from projections.models.kit_registrations import PROJECTION
from projections.slot_tables import SlotTables
from projections.times import to_microseconds


class Registrations(Expectation):
    """One row for each kit registration, by its id."""

    category = KitRegistration.category
    parts = ((PROJECTION.registrations, ("id",)),)
    bounds = PROJECTION.registrations.bounds

    def expect(self, log: Log, stream: Stream, *wanted: Wanted) -> None:
        """Add the row of a registration."""
        (rows,) = wanted
        number = int(stream.name.partition("/")[2])
        rows.keys.add((number,))
        versions = timeline(
            (position, rows.columns.values(_row(state)))
            for position, _, state in stream.states(KitRegistration)
            if state.registration_id
        )
        rows.add(versions)
        if versions:
            self.new_key(number, versions[0].since)

    def origins(self, log: Log, tables: SlotTables, row: Mapping[str, Any]) -> list[str]:
        """Return the stream of a registration."""
        return [] if tables is self.bounds else [KitRegistration.create_id(row["id"])]


def _row(state: KitRegistration) -> dict[str, Any]:
    return {
        "id": state.registration_id,
        "created_at": to_microseconds(state.created_at),
        "modified_at": to_microseconds(state.modified_at),
        "customer": state.customer,
        "kit": state.kit,
        "verification_date": state.verification_date and to_microseconds(state.verification_date),
    }
