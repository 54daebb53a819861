"""What the service is made of, put together from its settings in one place."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.ledger import Ledger
from projections.events import Events
from projections.kit_registrations import KitRegistrations
from projections.kits import Kits
from projections.organizations import Organizations as OrganizationsView
from projections.projection import Projection
from projections.quarantine import Quarantined
from projections.reports import Reports
from projections.views import Views
from receiver.clients import Clients
from receiver.registry import Registry
from receiver.settings import Settings
from receiver.sources import Sources


def models() -> Sequence[Projection]:
    """Return every projection."""
    return (Events(), KitRegistrations(), Kits(), OrganizationsView(), Quarantined(), Reports())


@dataclass(frozen=True)
class Parts:
    """The parts that HTTP, the command line and the projector are built on."""

    settings: Settings
    ledger: Ledger
    views: Views
    registry: Registry
    sources: Sources
    clients: Clients

    def close(self) -> None:
        """Close every connection."""
        self.ledger.close()
        self.views.close()
        self.registry.close()


def assemble(settings: Settings, *, migrate: bool = False) -> Parts:
    """Build the parts; with `migrate`, make folders and tables that are missing.

    Workers never migrate: several processes that create tables at once get in each other's way.
    """
    if migrate:
        settings.ledger_path.parent.mkdir(parents=True, exist_ok=True)
        settings.views_path.parent.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(
        {
            "PERSISTENCE_MODULE": "store.sqlite:Factory",
            "SQLITE_DBNAME": str(settings.ledger_path),
            "CREATE_TABLE": "y" if migrate else "n",
        }
    )
    registry = Registry(settings.database_url)
    views = Views(settings.views_database_url)
    if migrate:
        registry.migrate()
        views.migrate([model.name for model in models()])
    return Parts(settings, ledger, views, registry, Sources(registry), Clients(registry))
