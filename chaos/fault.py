"""What a fault is: where its service stands, what happens to it, and what must have come of it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from chaos.clock import Clock
from chaos.grounds import Ground
from chaos.places import Places
from chaos.stage import Stage

SQLITE, POSTGRES = "sqlite", "postgres"
STORES = (SQLITE, POSTGRES)


class Skipped(Exception):
    """This fault can't be made on this machine; says why."""


class Fault(ABC):
    """One way in which things go wrong. Each row makes one of its own."""

    name: ClassVar[str]
    stores: ClassVar[tuple[str, ...]] = STORES
    felt: ClassVar[bool] = True
    """Whether some requests have to be refused or cut, for the row to prove anything."""
    until_shown: ClassVar[bool] = False
    """Whether it is over when a read shows what was acknowledged, not when something is."""

    def settings(self, clock: Clock) -> dict[str, str]:
        """Return environment variables for the service."""
        return {}

    @contextmanager
    def ground(self, places: Places, store: str) -> Iterator[Ground]:
        """Make the store, empty; raises Skipped."""
        with places.sqlite() if store == SQLITE else places.postgres() as ground:
            yield ground

    @abstractmethod
    def strike(self, stage: Stage) -> None:
        """Let it happen while the load goes on; tell the stage when; return when it has passed."""

    def flaws(self, stage: Stage) -> list[str]:
        """Say what is wrong that only this fault can know of."""
        return []
