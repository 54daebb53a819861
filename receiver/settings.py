"""The settings in the environment; a bad value stops the start with a line that names it."""

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from receiver.processors import MOST_WORKERS, processors
from store.urls import is_postgres

OPENED_LEDGER = "KITLEDGER_OPENED_LEDGER"
LARGEST_BODY = 64 * 1024 * 1024
KEEPALIVE_SECONDS = 75
"""Above the 60 s after which most load balancers close a connection, who must be the first."""


class SettingsError(ValueError):
    """A variable of the environment has a bad value."""


@dataclass(frozen=True)
class Settings:
    """The settings of the service; sizes in bytes. `forwarded_prefix` is empty or ends in no slash.

    With `checkpoint_seconds` 0, checkpoints are signed on demand alone. `timestamp_url` may be empty.
    """

    database_url: str
    views_database_url: str
    database_pool_size: int
    views_pool_size: int
    port: int
    workers: int
    max_body_bytes: int
    keepalive_seconds: int
    forwarded_prefix: str
    require_reason: bool
    checkpoint_key_file: Path
    checkpoint_seconds: int
    witness_urls: str
    timestamp_url: str
    log_level: str
    opened_ledger: str
    """The identity of the ledger's file when `serve` started, for the processes that it starts."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Return the settings, with defaults; raises SettingsError. `check` checks the rest."""
        database = _database(environment, "DATABASE_URL", "sqlite:///data/ledger.db")
        views = _database(environment, "VIEWS_DATABASE_URL", _beside(database))
        if not is_postgres(database) and _file(database).resolve() == _file(views).resolve():
            raise SettingsError("VIEWS_DATABASE_URL must name another file than DATABASE_URL")
        return cls(
            database_url=database,
            views_database_url=views,
            database_pool_size=_integer(environment, "DATABASE_POOL_SIZE", 4, 1, 1000),
            views_pool_size=_integer(environment, "VIEWS_POOL_SIZE", 4, 1, 1000),
            port=_integer(environment, "PORT", 8000, 0, 65535),
            workers=_integer(
                environment, "WEB_CONCURRENCY", min(processors(), MOST_WORKERS), 1, MOST_WORKERS
            ),
            max_body_bytes=_integer(environment, "MAX_BODY_BYTES", 1024 * 1024, 1, LARGEST_BODY),
            keepalive_seconds=_integer(
                environment, "KEEPALIVE_SECONDS", KEEPALIVE_SECONDS, 1, 3600
            ),
            forwarded_prefix=_prefix(environment),
            require_reason=bool(_integer(environment, "REQUIRE_REASON", 0, 0, 1)),
            checkpoint_key_file=_key_file(environment, database),
            checkpoint_seconds=_integer(environment, "CHECKPOINT_SECONDS", 60, 0, 86400),
            witness_urls=environment.get("WITNESS_URLS") or "",
            timestamp_url=environment.get("TIMESTAMP_URL") or "",
            log_level=_level(environment),
            opened_ledger=environment.get(OPENED_LEDGER, ""),
        )

    def check(self) -> None:
        """Let the driver parse the URLs of PostgreSQL, and check those of anchors; raises SettingsError.

        Not in `from_environment`: the parent of the workers must not load the driver before gevent
        has patched the modules that it uses.
        """
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict

        urls = {"DATABASE_URL": self.database_url, "VIEWS_DATABASE_URL": self.views_database_url}
        for name, url in urls.items():
            try:
                conninfo_to_dict(url if is_postgres(url) else "")
            except ProgrammingError as error:
                # The rest of the message may be the whole URL, with its password.
                reason, _, _ = str(error).partition(': "')
                raise SettingsError(f"{name} is not a URL of PostgreSQL: {reason}") from None
        _check_anchors(self.witness_urls, self.timestamp_url)

    @property
    def ledger_file(self) -> Path | None:
        """Return the ledger's file, if the embedded database keeps it."""
        return None if is_postgres(self.database_url) else _file(self.database_url)

    @property
    def files(self) -> list[Path]:
        """Return the files of the embedded databases."""
        urls = (self.database_url, self.views_database_url)
        return [_file(url) for url in urls if not is_postgres(url)]


def _database(environment: Mapping[str, str], name: str, default: str) -> str:
    text = environment.get(name) or default
    if is_postgres(text):
        return text
    try:
        url = make_url(text)
    except ArgumentError:
        raise SettingsError(f"{name} is not a database URL such as {default}") from None
    # Drivers are chosen here, and options would reach only some of the connections.
    extras = (url.username, url.password, url.host, url.port, *url.query)
    if url.drivername != "sqlite" or any(part is not None for part in extras):
        raise SettingsError(
            f"{name} must name an SQLite file or a PostgreSQL database, and nothing else: such as {default}"
        )
    if not url.database or url.database.startswith((":memory:", "file:")):
        raise SettingsError(f"{name} must name a file on disk, such as {default}")
    return url.render_as_string(hide_password=False)


def _beside(database: str) -> str:
    """Return the default URL of the read models: beside the ledger."""
    if is_postgres(database):
        return database
    file = _file(database)
    return f"sqlite:///{file.with_name(file.stem + '-views' + file.suffix)}"


def _key_file(environment: Mapping[str, str], database: str) -> Path:
    """Return the file of the key that signs checkpoints: by default beside the ledger, or in ./data."""
    given = environment.get("CHECKPOINT_KEY_FILE")
    default = Path("data/ledger.key") if is_postgres(database) else _file(database)
    return Path(given) if given else default.with_suffix(".key")


def _file(url: str) -> Path:
    return Path("" if is_postgres(url) else make_url(url).database or "")


def _integer(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and low <= int(text[:19]) <= high):
        raise SettingsError(f"{name} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def _prefix(environment: Mapping[str, str]) -> str:
    text = environment.get("FORWARDED_PREFIX") or ""
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*/?", text):
        raise SettingsError(f"FORWARDED_PREFIX must be a path such as /kit, not {text!r}")
    return text.rstrip("/")


def _check_anchors(witness_urls: str, timestamp_url: str) -> None:
    from audit.tlog.timestamps import check_address
    from audit.tlog.witnesses import parse_witnesses

    try:
        name = "WITNESS_URLS"
        parse_witnesses(witness_urls)
        name = "TIMESTAMP_URL"
        if timestamp_url:
            check_address(timestamp_url)
    except ValueError as error:
        raise SettingsError(f"{name} can't be used: {error}") from None


def _level(environment: Mapping[str, str]) -> str:
    name = (environment.get("LOG_LEVEL") or "INFO").upper()
    if name not in logging.getLevelNamesMapping() or name == "NOTSET":
        raise SettingsError(
            f"LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not {name!r}"
        )
    return name
