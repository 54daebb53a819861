"""A report about a customer's sample: available, or blocked for a reason."""

from dataclasses import dataclass
from typing import Any, ClassVar

from domain import telling


class Report(telling.Subject):
    """One report, known by its integer id."""

    @dataclass(frozen=True, kw_only=True)
    class Told(telling.Told):
        """A source told the report's status, and maybe the reason."""

        TOPIC: ClassVar[str] = "Report.Told"
        report_id: int

    @dataclass(frozen=True, kw_only=True)
    class Withdrawn(telling.Withdrawn):
        """A telling about the report no longer counts."""

        TOPIC: ClassVar[str] = "Report.Withdrawn"
        report_id: int

    told = Told
    withdrawn = Withdrawn

    @staticmethod
    def create_id(report_id: int) -> str:
        """Name the stream of a report."""
        return f"report/{report_id}"

    @staticmethod
    def named(key: str) -> dict[str, Any]:
        """Return the field that names a report."""
        return {"report_id": int(key)}
