"""Every case of the library's is run on both stores, or is named with the reason why it is not."""

from collections.abc import Iterator
from unittest import TestCase

import pytest

from tests.store import (
    test_library_applications,
    test_library_factories,
    test_library_recorders,
    test_library_transcoder,
)
from tests.store.library import LEFT_OUT, MODULES, OnPostgres, OnSqlite

OURS = [
    each
    for module in (
        test_library_applications,
        test_library_factories,
        test_library_recorders,
        test_library_transcoder,
    )
    for each in vars(module).values()
    if isinstance(each, type) and issubclass(each, TestCase)
]
WITHOUT_A_STORE = {"TranscoderTestCase"}


def cases() -> Iterator[tuple[type, str]]:
    """Return every method of the library's cases, with its class."""
    for module in MODULES:
        for each in vars(module).values():
            if isinstance(each, type) and issubclass(each, TestCase) and each is not TestCase:
                yield from ((each, name) for name in vars(each) if name.startswith("test"))


CASES = list(cases())


@pytest.mark.parametrize(("case", "method"), CASES, ids=[f"{c.__name__}.{m}" for c, m in CASES])
def test_it_is_run_on_each_store_or_left_out(case: type, method: str) -> None:
    running = [each for each in OURS if issubclass(each, case) and getattr(each, method)]
    left_out = f"{case.__name__}.{method}" in LEFT_OUT
    stores = [None] if case.__name__ in WITHOUT_A_STORE else [OnSqlite, OnPostgres]
    for store in stores:
        runs = any(store is None or issubclass(each, store) for each in running)
        assert runs != left_out


def test_only_cases_that_exist_are_left_out() -> None:
    assert set(LEFT_OUT) <= {f"{case.__name__}.{method}" for case, method in CASES}
