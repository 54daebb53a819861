"""The interface of a fault: its store, its injection, and its own checks."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from chaos.clock import Clock
from chaos.store_factory import StoreFactory
from chaos.store_under_test import StoreUnderTest
from chaos.testbed import Testbed

SQLITE, POSTGRES = "sqlite", "postgres"
STORES = (SQLITE, POSTGRES)


class Skipped(Exception):
    """The fault can't be injected on this machine; the message says why."""


class Fault(ABC):
    """A kind of failure; each experiment makes its own instance."""

    name: ClassVar[str]
    stores: ClassVar[tuple[str, ...]] = STORES
    affects_requests: ClassVar[bool] = True
    """Whether the experiment is void unless some requests were refused or broken."""
    recovered_when_read: ClassVar[bool] = False
    """Whether recovery ends with an up-to-date read instead of with a recorded webhook."""

    def settings(self, clock: Clock) -> dict[str, str]:
        """Return environment variables for the service."""
        return {}

    @contextmanager
    def store_under_test(self, stores: StoreFactory, kind: str) -> Iterator[StoreUnderTest]:
        """Provide an empty store; raises Skipped."""
        with stores.sqlite() if kind == SQLITE else stores.postgres() as store:
            yield store

    @abstractmethod
    def inject(self, testbed: Testbed) -> None:
        """Inject the fault under load, mark its start on the testbed, and return when it has ended."""

    def problems(self, testbed: Testbed) -> list[str]:
        """Return violations that only this fault can check."""
        return []
