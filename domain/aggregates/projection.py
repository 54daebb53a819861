"""A projection, as far as operators decide about it."""

from dataclasses import dataclass
from typing import ClassVar

from domain.aggregate import Aggregate, Event


class Projection(Aggregate):
    """One projection, identified by its name; `skipped` are the positions that it passes over."""

    category = "projection"

    @dataclass(frozen=True, kw_only=True)
    class Skipped(Event):
        """The projection passes over the event at a position, at which it had stopped."""

        TOPIC: ClassVar[str] = "Projection.Skipped"
        position: int
        error: str | None

        def apply(self, aggregate: "Projection") -> None:
            aggregate.skipped = [*aggregate.skipped, self.position]

    @dataclass(frozen=True, kw_only=True)
    class Rebuilt(Event):
        """The projection was rebuilt from the first event up to a position."""

        TOPIC: ClassVar[str] = "Projection.Rebuilt"
        position: int

        def apply(self, aggregate: "Projection") -> None:
            aggregate.rebuilt_up_to = self.position

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.skipped: list[int] = []
        self.rebuilt_up_to: int | None = None

    @staticmethod
    def create_id(name: str) -> str:
        """Name the stream of a projection."""
        return f"projection/{name}"
