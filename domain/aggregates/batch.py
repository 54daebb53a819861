"""An array of envelopes, kept whole because the signature covers it whole."""

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from domain.aggregate import Aggregate
from domain.receipt import Receipt


class Batch(Aggregate):
    """One array of envelopes, identified by its source and its content."""

    category = "batch"

    @dataclass(frozen=True, kw_only=True)
    class Received(Receipt):
        """The array was received."""

        TOPIC: ClassVar[str] = "Batch.Received"

        def apply(self, aggregate: "Batch") -> None:
            aggregate.source = self.source

    source: str

    @staticmethod
    def create_id(source: str, body: bytes) -> str:
        """Name the stream of an array by its content."""
        return f"batch/{source}/{hashlib.sha256(body).hexdigest()}"
