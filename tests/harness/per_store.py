"""What tests share of each kind of store: empty databases, services, and one service that runs."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from tests.harness.postgres import Databases
from tests.harness.service import Service
from tests.harness.service_factory import ServiceFactory
from tests.harness.stores import Stores

T = TypeVar("T")


class PerStore:
    """Make each of them when it is first asked for, and keep it until all tests have run."""

    def __init__(self, store: str, databases: Databases, new_folder: Callable[[], Path]) -> None:
        self.stores = Stores(store, databases, new_folder)
        self._made: dict[str, object] = {}
        self.services = ServiceFactory(store, databases, new_folder)

    @cached_property
    def prepared(self) -> Service:
        """Make a service that never runs, with the source `lab` and a client with every role."""
        return self.services.bare().prepare()

    @cached_property
    def service(self) -> Service:
        """Start two workers on a copy of what was prepared."""
        return self.services.like(self.prepared).start()

    @cached_property
    def neighbour(self) -> Service:
        """Start a second server on the same databases, as on another host."""
        running = self.services.beside(self.service)
        running.serve("--no-projector")
        running.wait_until_ready()
        return running

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Make something that can be made once only, and return it to all who ask for it."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]  # type: ignore[return-value]

    def close(self) -> None:
        """End what still runs, and remove the databases."""
        self.services.close()
