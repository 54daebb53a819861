"""The expectations of each read model; one of an observed aggregate needs none of its own."""

from collections.abc import Callable

from audit.reconcile.events import Deliveries
from audit.reconcile.expectation import Expectation
from audit.reconcile.kit_registrations import Registrations
from audit.reconcile.observed import ObservedThings
from audit.reconcile.organizations import Groups, ProfileRegistrations
from audit.reconcile.quarantine import HeldDeliveries
from audit.reconcile.tree import Tree
from projections.models import events, kit_registrations, organizations, quarantine
from projections.observed import ObservedProjection
from projections.projection import Projection


def expectations(model: Projection) -> list[Expectation]:
    """Return the expectations of a read model; raises LookupError for one that has none."""
    if isinstance(model, ObservedProjection):
        return [ObservedThings(model)]
    if model.name not in _BY_NAME:
        raise LookupError(
            f"{model.name} can't be compared: say in audit/reconcile what it should hold"
        )
    return _BY_NAME[model.name]()


def _organizations() -> list[Expectation]:
    tree = Tree()
    return [Groups(tree), ProfileRegistrations(tree)]


_BY_NAME: dict[str, Callable[[], list[Expectation]]] = {
    events.PROJECTION.name: lambda: [Deliveries()],
    kit_registrations.PROJECTION.name: lambda: [Registrations()],
    organizations.PROJECTION.name: _organizations,
    quarantine.PROJECTION.name: lambda: [HeldDeliveries()],
}
