"""A report about a customer's sample: available, or blocked for a reason."""

from dataclasses import dataclass
from typing import ClassVar

from domain import observed


class Report(observed.ObservedAggregate):
    """One report, identified by its integer id."""

    category = "report"
    key = "report_id"
    key_type = int

    @dataclass(frozen=True, kw_only=True)
    class Observed(observed.Observed):
        """A source announced the report's status, and maybe the reason."""

        TOPIC: ClassVar[str] = "Report.Observed"
        report_id: int

    @dataclass(frozen=True, kw_only=True)
    class Retracted(observed.Retracted):
        """An observation of the report no longer counts."""

        TOPIC: ClassVar[str] = "Report.Retracted"
        report_id: int
