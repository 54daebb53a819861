"""What the environment says, checked once: a bad value stops the start with a line that names it."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

LARGEST_BODY = 64 * 1024 * 1024


class SettingsError(ValueError):
    """A variable of the environment has a value that can't be used."""


@dataclass(frozen=True)
class Settings:
    """Where the databases are, and how the service runs; sizes in bytes."""

    database_url: str
    views_database_url: str
    port: int
    workers: int
    max_body_bytes: int
    log_level: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings, with their defaults; raises SettingsError."""
        database = _sqlite(environment, "DATABASE_URL", "sqlite:///data/ledger.db")
        file = Path(database.database or "")
        beside = f"sqlite:///{file.with_name(file.stem + '-views' + file.suffix)}"
        views = _sqlite(environment, "VIEWS_DATABASE_URL", beside)
        if file.resolve() == Path(views.database or "").resolve():
            raise SettingsError("VIEWS_DATABASE_URL must name another file than DATABASE_URL")
        return cls(
            database_url=database.render_as_string(hide_password=False),
            views_database_url=views.render_as_string(hide_password=False),
            port=_integer(environment, "PORT", 8000, 0, 65535),
            workers=_integer(environment, "WEB_CONCURRENCY", processors(), 1, 64),
            max_body_bytes=_integer(environment, "MAX_BODY_BYTES", 1024 * 1024, 1, LARGEST_BODY),
            log_level=_level(environment),
        )

    @property
    def ledger_path(self) -> Path:
        """Return the file of the embedded store."""
        return Path(make_url(self.database_url).database or "")

    @property
    def views_path(self) -> Path:
        """Return the file of the embedded read models."""
        return Path(make_url(self.views_database_url).database or "")


def processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0))


def _sqlite(environment: Mapping[str, str], name: str, default: str) -> URL:
    text = environment.get(name) or default
    try:
        url = make_url(text)
    except ArgumentError:
        raise SettingsError(f"{name} is not a database URL such as {default}") from None
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise SettingsError(f"{name} must name an SQLite file, such as {default}")
    return url


def _integer(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and low <= int(text[:19]) <= high):
        raise SettingsError(f"{name} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def _level(environment: Mapping[str, str]) -> str:
    name = (environment.get("LOG_LEVEL") or "INFO").upper()
    if name not in logging.getLevelNamesMapping() or name == "NOTSET":
        raise SettingsError(
            f"LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not {name!r}"
        )
    return name
