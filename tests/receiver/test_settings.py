"""What the environment may say."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.processors import processors
from receiver.settings import Settings, SettingsError

WORDS = [
    "DATABASE_URL",
    "VIEWS_DATABASE_URL",
    "DATABASE_POOL_SIZE",
    "VIEWS_POOL_SIZE",
    "PORT",
    "WEB_CONCURRENCY",
    "MAX_BODY_BYTES",
    "KEEPALIVE_SECONDS",
    "FORWARDED_PREFIX",
    "WITNESS_URLS",
    "TIMESTAMP_URL",
    "LOG_LEVEL",
]


def test_nothing_needs_to_be_said() -> None:
    settings = Settings.from_environment({})

    assert settings.database_url == "sqlite:///data/ledger.db"
    assert settings.views_database_url == "sqlite:///data/ledger-views.db"
    assert (settings.database_pool_size, settings.views_pool_size) == (4, 4)
    assert (settings.port, settings.max_body_bytes) == (8000, 1024 * 1024)
    assert settings.workers == processors() <= (os.cpu_count() or 1)
    assert (settings.keepalive_seconds, settings.forwarded_prefix) == (75, "")
    assert settings.log_level == "INFO"


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert Settings.from_environment(dict.fromkeys(WORDS, "")) == Settings.from_environment({})


def test_everything_can_be_said() -> None:
    settings = Settings.from_environment(
        {
            "DATABASE_URL": "sqlite:////var/lib/ledger.db",
            "VIEWS_DATABASE_URL": "sqlite:///elsewhere/rows.db",
            "DATABASE_POOL_SIZE": "1",
            "VIEWS_POOL_SIZE": "1000",
            "PORT": "80",
            "WEB_CONCURRENCY": "7",
            "MAX_BODY_BYTES": "100",
            "KEEPALIVE_SECONDS": "120",
            "FORWARDED_PREFIX": "/kit/v2/",
            "LOG_LEVEL": "warning",
        }
    )

    assert settings.database_url == "sqlite:////var/lib/ledger.db"
    assert settings.views_database_url == "sqlite:///elsewhere/rows.db"
    assert (settings.database_pool_size, settings.views_pool_size) == (1, 1000)
    assert (settings.port, settings.workers, settings.max_body_bytes) == (80, 7, 100)
    assert (settings.keepalive_seconds, settings.forwarded_prefix) == (120, "/kit/v2")
    assert settings.log_level == "WARNING"


def test_the_views_lie_beside_the_ledger() -> None:
    settings = Settings.from_environment({"DATABASE_URL": "sqlite:////srv/a.b/books.sqlite"})
    assert settings.views_database_url == "sqlite:////srv/a.b/books-views.sqlite"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me@localhost/ledger",
        "postgres://me:p%40ss@db.example:5433/ledger",
        "postgresql://me@one,two:5433,[::1]:5434/ledger?target_session_attrs=read-write",
        "postgresql:///ledger?host=/var/run/postgresql&application_name=it%27s&sslmode=require",
        "postgresql://",
    ],
)
def test_the_driver_gets_a_url_of_postgresql_as_it_stands(url: str) -> None:
    settings = Settings.from_environment({"DATABASE_URL": url})

    settings.check()
    assert (settings.database_url, settings.views_database_url) == (url, url)
    assert settings.files == []


def test_ledger_and_views_may_be_on_different_kinds_of_databases() -> None:
    server, file = "postgresql://me@localhost/ledger", "sqlite:///data/rows.db"

    for ledger, views in ((server, file), (file, server)):
        said = {"DATABASE_URL": ledger, "VIEWS_DATABASE_URL": views}
        settings = Settings.from_environment(said)
        assert (settings.database_url, settings.views_database_url) == (ledger, views)
        assert settings.files == [Path("data/rows.db")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://localhost/ledger"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite+aiosqlite:///data/ledger.db"),
        ("DATABASE_URL", "sqlite+pysqlcipher:///data/ledger.db"),
        ("DATABASE_URL", "sqlite+nonsense:///data/ledger.db"),
        ("DATABASE_URL", "sqlite:///data/ledger.db?colour=blue"),
        ("DATABASE_URL", "sqlite:///data/ledger.db?timeout=never"),
        ("DATABASE_URL", "sqlite:///file:data/ledger.db?uri=true"),
        ("DATABASE_URL", "sqlite:///file:data/ledger.db"),
        ("DATABASE_URL", "sqlite://data/ledger.db"),
        ("DATABASE_URL", "sqlite://me:hunter2@host/ledger.db"),
        ("VIEWS_DATABASE_URL", "sqlite+aiosqlite:///data/rows.db"),
        ("VIEWS_DATABASE_URL", "nonsense"),
        ("VIEWS_DATABASE_URL", "sqlite://"),
        ("VIEWS_DATABASE_URL", "sqlite:///data/../data/ledger.db"),
        ("DATABASE_URL", "postgresql+psycopg://localhost/ledger"),
        ("DATABASE_URL", "postgresql://localhost/ledger?colour=blue"),
        ("DATABASE_URL", "postgresql://localhost/%zz"),
        ("DATABASE_URL", "postgresql://localhost/%00"),
        ("DATABASE_URL", "postgresql://[::1/ledger"),
        ("VIEWS_DATABASE_URL", "postgresql://localhost/views?colour=blue"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DATABASE_POOL_SIZE", "1001"),
        ("VIEWS_POOL_SIZE", "0"),
        ("VIEWS_POOL_SIZE", "4.5"),
        ("PORT", "http"),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "8000.0"),
        ("PORT", "٨٠٠٠"),
        ("PORT", "9" * 5000),
        ("WEB_CONCURRENCY", "0"),
        ("WEB_CONCURRENCY", "65"),
        ("WEB_CONCURRENCY", "many"),
        ("MAX_BODY_BYTES", "0"),
        ("MAX_BODY_BYTES", "1e6"),
        ("MAX_BODY_BYTES", "1_000_000"),
        ("MAX_BODY_BYTES", str(10**12)),
        ("KEEPALIVE_SECONDS", "0"),
        ("KEEPALIVE_SECONDS", "3601"),
        ("FORWARDED_PREFIX", "kit"),
        ("FORWARDED_PREFIX", "//kit"),
        ("FORWARDED_PREFIX", "/kit?"),
        ("FORWARDED_PREFIX", "https://example.com/kit"),
        ("WITNESS_URLS", "ftp://w.example"),
        ("WITNESS_URLS", "https://w.example nonsense"),
        ("WITNESS_URLS", "https://w.example#w.example+1234"),
        ("WITNESS_URLS", "https://w.example,https://w.example/"),
        ("TIMESTAMP_URL", "tsa.example"),
        ("TIMESTAMP_URL", "https://tsa.example:99999"),
        ("LOG_LEVEL", "loud"),
        ("LOG_LEVEL", "NOTSET"),
        ("LOG_LEVEL", "20"),
    ],
    ids=lambda text: text[:40],
)
def test_a_value_that_can_not_be_used_is_refused_in_a_line_that_names_its_variable(
    name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{name} ") as refused:
        Settings.from_environment({name: value}).check()

    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:hunter2@localhost/ledger",
        "postgresql://me:hunter2@localhost/ledger?colour=blue",
        "postgresql://me:hunter2@[::1/ledger",
        "postgresql://me:hunter2%zz@localhost/ledger",
    ],
)
def test_a_password_in_a_url_is_not_quoted(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({"DATABASE_URL": url}).check()

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", ["WITNESS_URLS", "TIMESTAMP_URL"])
@pytest.mark.parametrize("url", ["http://me:hunter2", "http://me:hunter2@[::1", "me:hunter2@w"])
def test_the_password_of_an_anchor_is_not_quoted(name: str, url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({name: url}).check()

    assert "hunter2" not in str(refused.value)


def test_settings_are_read_without_loading_what_gevent_has_yet_to_patch() -> None:
    read = "Settings.from_environment({'DATABASE_URL': 'postgresql://localhost/ledger'})"
    words = ["import sys, receiver.server, receiver.commands.service", "print(*sys.modules)"]
    code = "; ".join([words[0], f"from receiver.settings import Settings; {read}", words[1]])

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout

    assert b"receiver.settings" in loaded.split()
    assert {b"psycopg", b"eventsourcing", b"flask"}.isdisjoint(loaded.split())


ANYTHING = st.text(st.characters(exclude_characters="\0"), max_size=30)
NEARLY = ANYTHING.map("postgresql://{}".format) | ANYTHING.map("postgres://h/?{}".format)


@given(st.dictionaries(st.sampled_from(WORDS), ANYTHING | NEARLY))
def test_any_environment_is_either_used_or_refused(environment: Mapping[str, str]) -> None:
    with suppress(SettingsError):
        settings = Settings.from_environment(environment)
        settings.check()
        kept_apart = settings.database_url != settings.views_database_url
        assert kept_apart or settings.files == []
