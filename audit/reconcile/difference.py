"""A difference between a row of a read model and the log."""

from dataclasses import dataclass
from typing import Any

ROW = "row"
"""The field of a difference that is about a whole row."""
MISSING = "missing"


@dataclass(frozen=True)
class Difference:
    """One field of one row that differs from the fold of the log, or a whole row that one of them lacks.

    `kind` is the table, without its slot; `key` has the columns that identify the row. `expected` follows
    from the log, `found` is in the read model. `position` is that from which the expected row holds, or
    up to which was compared where the log has no such row.
    """

    kind: str
    key: dict[str, Any]
    field: str
    expected: Any
    found: Any
    position: int
