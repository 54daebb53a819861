"""What the environment may say."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.settings import Settings, SettingsError, processors

WORDS = [
    "DATABASE_URL",
    "VIEWS_DATABASE_URL",
    "PORT",
    "WEB_CONCURRENCY",
    "MAX_BODY_BYTES",
    "LOG_LEVEL",
]


def test_nothing_needs_to_be_said() -> None:
    settings = Settings.from_environment({})

    assert settings.ledger_path == Path("data/ledger.db")
    assert settings.views_path == Path("data/ledger-views.db")
    assert (settings.port, settings.max_body_bytes) == (8000, 1024 * 1024)
    assert settings.workers == processors() <= (os.cpu_count() or 1)
    assert settings.log_level == "INFO"


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert Settings.from_environment(dict.fromkeys(WORDS, "")) == Settings.from_environment({})


def test_everything_can_be_said() -> None:
    settings = Settings.from_environment(
        {
            "DATABASE_URL": "sqlite:////var/lib/ledger.db",
            "VIEWS_DATABASE_URL": "sqlite:///elsewhere/rows.db",
            "PORT": "80",
            "WEB_CONCURRENCY": "7",
            "MAX_BODY_BYTES": "100",
            "LOG_LEVEL": "warning",
        }
    )

    assert settings.ledger_path == Path("/var/lib/ledger.db")
    assert settings.views_path == Path("elsewhere/rows.db")
    assert (settings.port, settings.workers, settings.max_body_bytes) == (80, 7, 100)
    assert settings.log_level == "WARNING"


def test_the_views_lie_beside_the_ledger() -> None:
    settings = Settings.from_environment({"DATABASE_URL": "sqlite:////srv/a.b/books.sqlite"})
    assert settings.views_path == Path("/srv/a.b/books-views.sqlite")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://localhost/ledger"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("VIEWS_DATABASE_URL", "nonsense"),
        ("VIEWS_DATABASE_URL", "sqlite://"),
        ("VIEWS_DATABASE_URL", "sqlite:///data/../data/ledger.db"),
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
        Settings.from_environment({name: value})

    assert len(str(refused.value).splitlines()) == 1


def test_a_password_in_a_url_is_not_quoted() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({"DATABASE_URL": "mysql://me:hunter2@localhost/ledger"})

    assert "hunter2" not in str(refused.value)


@given(st.dictionaries(st.sampled_from(WORDS), st.text(max_size=30)))
def test_any_environment_is_either_used_or_refused(environment: Mapping[str, str]) -> None:
    with suppress(SettingsError):
        settings = Settings.from_environment(environment)
        assert settings.ledger_path != settings.views_path
