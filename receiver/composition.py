"""What the service is made of, put together from its settings in one place."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import make_url

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
from store.urls import is_postgres


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
    """Build the parts; with `migrate`, make folders and tables that are missing. Raises SettingsError.

    Workers never migrate: several processes that create tables at once get in each other's way.
    """
    settings.check()
    if migrate:
        for file in settings.files:
            file.parent.mkdir(parents=True, exist_ok=True)
    ledger = Ledger({**persistence(settings), "CREATE_TABLE": "y" if migrate else "n"})
    registry = Registry(settings.database_url)
    views = Views(settings.views_database_url, settings.views_pool_size)
    if migrate:
        registry.migrate()
        views.migrate(models())
    return Parts(settings, ledger, views, registry, Sources(registry), Clients(registry))


def persistence(settings: Settings) -> dict[str, str]:
    """Return what eventsourcing is to know of the ledger's database."""
    url = settings.database_url
    if is_postgres(url):
        size = str(settings.database_pool_size)
        store = "store.postgres:Factory"
        return {"PERSISTENCE_MODULE": store, "POSTGRES_URL": url, "POSTGRES_POOL_SIZE": size}
    return {
        "PERSISTENCE_MODULE": "store.sqlite:Factory",
        "SQLITE_DBNAME": make_url(url).database or "",
    }
