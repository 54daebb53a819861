"""The composition root: builds the services from the settings."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import make_url

from audit.tlog.storage import TlogStorage
from domain.ledger import Ledger
from projections.history import STRANGER
from projections.models import all_projections
from projections.read_database import ReadDatabase
from receiver.settings import Settings, SettingsError
from registry.clients import Clients
from registry.registry import Registry
from registry.sources import Sources
from store.sqlite_file import SqliteFile
from store.urls import is_postgres


@dataclass(frozen=True)
class Services:
    """The services that HTTP, the command line and the projector use."""

    settings: Settings
    ledger: Ledger
    read_database: ReadDatabase
    registry: Registry
    sources: Sources
    clients: Clients
    tlog: TlogStorage

    def check_tables(self) -> None:
        """Raise SettingsError when the ledger's database lacks a table of this version."""
        if not (self.registry.is_complete() and self.tlog.is_complete()):
            raise SettingsError(
                "DATABASE_URL names a database without the tables of this version: run `kitledger migrate`"
            )

    def close(self) -> None:
        """Close every connection."""
        self.sources.uses.close()
        self.ledger.close()
        self.read_database.close()
        self.tlog.close()
        self.registry.close()


def assemble(
    settings: Settings, *, migrate: bool = False, warn: Callable[[str], None] = lambda _: None
) -> Services:
    """Build the services; with `migrate`, create missing folders and tables. Raises SettingsError.

    Read models of another history than the ledger's are emptied then, and `warn` is told. Workers never
    migrate, since concurrent processes that create tables fail.
    """
    settings.check()
    opened = ledger_file(settings)
    if migrate:
        if opened is not None:
            opened.check()
        for file in settings.files:
            file.parent.mkdir(parents=True, exist_ok=True)
    ledger = Ledger({**persistence(settings), "CREATE_TABLE": "y" if migrate else "n"})
    registry = Registry(settings.database_url, ledger.mapper, opened)
    read_database = ReadDatabase(settings.views_database_url, settings.views_pool_size)
    tlog = TlogStorage(settings.database_url, opened)
    if migrate:
        registry.migrate()
        tlog.migrate()
        read_database.migrate(all_projections(), warn)
        for name in read_database.restart_strangers(ledger.store, all_projections()):
            warn(f"{name}: {STRANGER}")
    sources, clients = Sources(registry), Clients(registry)
    return Services(settings, ledger, read_database, registry, sources, clients, tlog)


def check_exists(settings: Settings, *, read_models: bool) -> None:
    """Raise SettingsError when the ledger's file is missing, or with `read_models` that of those."""
    ledger = settings.files[: not is_postgres(settings.database_url)]
    for file in settings.files if read_models else ledger:
        if not file.exists():
            what, setting = (
                ("ledger", "DATABASE_URL")
                if file in ledger
                else ("read database", "VIEWS_DATABASE_URL")
            )
            raise SettingsError(
                f"there is no {what} at {file}: run this where the service runs, or set"
                f" {setting}; `kitledger migrate` makes a new one"
            )


def persistence(settings: Settings) -> dict[str, str]:
    """Return eventsourcing's settings for the ledger's database."""
    url = settings.database_url
    if is_postgres(url):
        size = str(settings.database_pool_size)
        store = "store.postgres:Factory"
        return {"PERSISTENCE_MODULE": store, "POSTGRES_URL": url, "POSTGRES_POOL_SIZE": size}
    return {
        "PERSISTENCE_MODULE": "store.sqlite:Factory",
        "SQLITE_DBNAME": make_url(url).database or "",
        "SQLITE_IDENTITY": settings.opened_ledger,
    }


def ledger_file(settings: Settings) -> SqliteFile | None:
    """Return the ledger's file, if the embedded database keeps it: the one that `serve` has opened."""
    path = settings.ledger_file
    return None if path is None else SqliteFile(path, settings.opened_ledger)


def sqlite_files(settings: Settings) -> list[SqliteFile]:
    """Return the files of the embedded databases; that of the read models may be replaced."""
    ledger = ledger_file(settings)
    others = (file for file in settings.files if file != settings.ledger_file)
    return [
        *([] if ledger is None else [ledger]),
        *(SqliteFile(file, replaceable=True) for file in others),
    ]
