"""A cache of rows of the registry, which every change invalidates."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection

from registry.registry import Registry
from store.errors import UNAVAILABLE

T = TypeVar("T")


class Cached(Generic[T]):
    """Cache rows of the registry until its number of changes rises, so that no ended key verifies.

    While the registry can't be reached, the cached rows are used: it can't be changed either.
    """

    def __init__(self, registry: Registry, load: Callable[[Connection], T]) -> None:
        self._registry = registry
        self._load = load
        self._lock = threading.Lock()
        self._kept: tuple[int, T] | None = None

    def get(self) -> T:
        """Return the current rows."""
        try:
            return self._now()
        except UNAVAILABLE:
            if self._kept is None:
                raise
            return self._kept[1]

    def _now(self) -> T:
        version = self._registry.version()
        kept = self._kept
        if kept is None or kept[0] != version:
            with self._lock, self._registry.reading() as connection:
                kept = self._kept = (version, self._load(connection))
        return kept[1]
