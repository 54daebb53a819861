"""The expectations of each read model; one of an observed aggregate needs none of its own."""

from collections.abc import Callable

from audit.reconcile.events import Deliveries
from audit.reconcile.expectation import Expectation
from audit.reconcile.kit_registrations import Registrations
from audit.reconcile.observed import ObservedThings
from audit.reconcile.organizations import Groups, ProfileRegistrations
from audit.reconcile.quarantine import HeldDeliveries
from audit.reconcile.rows import tables_of
from audit.reconcile.tree import Tree
from projections.models import events, kit_registrations, organizations, quarantine
from projections.observed import ObservedProjection
from projections.projection import Projection
from projections.slot_tables import SLOTS, all_tables


def expectations(model: Projection) -> list[Expectation]:
    """Return the expectations of a read model; raises LookupError for a table that none is about."""
    found = _expectations(model)
    known = {
        table.name
        for each in found
        for tables, _ in each.found_by
        for slot in SLOTS
        for table in tables_of(tables, slot)
    }
    unknown = {table.name for tables in all_tables(model.tables) for table in tables} - known
    if unknown:
        names = ", ".join(sorted(unknown))
        raise LookupError(f"say in audit/reconcile what these tables should hold: {names}")
    return found


def _organizations() -> list[Expectation]:
    tree = Tree()
    return [Groups(tree), ProfileRegistrations(tree)]


def _expectations(model: Projection) -> list[Expectation]:
    if isinstance(model, ObservedProjection):
        return [ObservedThings(model)]
    return _BY_NAME.get(model.name, list)()


_BY_NAME: dict[str, Callable[[], list[Expectation]]] = {
    events.PROJECTION.name: lambda: [Deliveries()],
    kit_registrations.PROJECTION.name: lambda: [Registrations()],
    organizations.PROJECTION.name: _organizations,
    quarantine.PROJECTION.name: lambda: [HeldDeliveries()],
}
