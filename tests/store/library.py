"""What the library's abstract test cases need of a store, and which of them are left out."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import TypeVar
from unittest import TestCase
from uuid import uuid4

import pytest
from eventsourcing.tests import application, persistence, projection

from store.urls import is_postgres
from tests.harness.stores import Stores

C = TypeVar("C", bound=type[TestCase])
MODULES: Sequence[ModuleType] = (application, persistence, projection)

_MEASURES = "it prints times and asserts nothing: see benchmarks/"
_JSON = "it compares bytes of JSON; test_transcoder.py has the same values"
_VIEW = "it tests a view, which is its application's own"
_DCB = "there is no store for dynamic consistency boundaries"
LEFT_OUT = {
    "AggregateRecorderTestCase.test_performance": _MEASURES,
    "ApplicationRecorderTestCase.test_performance": _MEASURES,
    "ApplicationRecorderTestCase.test_concurrent_throughput": _MEASURES,
    "ProcessRecorderTestCase.test_performance": _MEASURES,
    "TranscoderTestCase.test_custom_type_error": _JSON,
    "TranscoderTestCase.test_dict": _JSON,
    "TranscoderTestCase.test_dict_subclass": _JSON,
    "TranscoderTestCase.test_nested_custom_type": _JSON,
    "TranscoderTestCase.test_str": _JSON,
    "TranscoderTestCase.test_tuple": _JSON,
    "EventCountersViewTestCase.test": _VIEW,
    "TaggedDecisionCountersProjectionTestCase.test_event_counters_projection": _DCB,
    "TaggedDecisionCountersProjectionTestCase.test_run_forever_raises_projection_error": _DCB,
}
"""Each case that is not run, as `Class.method`, with its reason."""


def leave_out(case: C) -> C:
    """Remove the methods of a case that LEFT_OUT names."""
    for base in case.__mro__:
        for name in vars(base):
            if f"{base.__name__}.{name}" in LEFT_OUT:
                setattr(case, name, None)
    return case


def store_settings(url: str) -> dict[str, str]:
    """Return the settings of an application on this database."""
    if is_postgres(url):
        return {"PERSISTENCE_MODULE": "store.postgres", "POSTGRES_URL": url}
    return {
        "PERSISTENCE_MODULE": "store.sqlite",
        "SQLITE_DBNAME": url.removeprefix("sqlite:///"),
    }


class OnSqlite:
    """Give the settings of empty stores on SQLite."""

    module = "store.sqlite"

    @pytest.fixture(autouse=True)
    def lent_stores(self, tmp_path: Path) -> None:
        """Lend stores for the time of one test."""
        names = count()
        self.new_store = lambda: {"SQLITE_DBNAME": str(tmp_path / f"{next(names)}.db")}


class OnPostgres:
    """Give the settings of empty stores on PostgreSQL."""

    module = "store.postgres"

    @pytest.fixture(autouse=True)
    def lent_stores(self, postgres_stores: Stores) -> Iterator[None]:
        """Lend stores for the time of one test."""
        with ExitStack() as lent:
            self.new_store = lambda: {"POSTGRES_URL": lent.enter_context(postgres_stores.empty())}
            yield


class TextIds:
    """Name streams by text, where the library's cases would take a UUID."""

    def new_originator_id(self) -> str:
        """Return a stream that holds nothing."""
        return f"stream/{uuid4()}"
