"""Reports, by id."""

from sqlalchemy import BigInteger, Column

from domain.report import Report
from projections.projection import Rows, handles
from projections.standings import Standings, standing_tables


class Reports(Standings):
    """How each report stands."""

    name = "reports"
    key = "id"
    tables = standing_tables(
        "report", lambda: Column("id", BigInteger, primary_key=True, autoincrement=False)
    )

    @handles(Report.Told)
    def told(self, rows: Rows, event: Report.Told, position: int) -> None:
        """Take in what was told of a report."""
        self.tell(rows, event.report_id, event)

    @handles(Report.Withdrawn)
    def withdrawn(self, rows: Rows, event: Report.Withdrawn, position: int) -> None:
        """Take back what was told of a report."""
        self.tell(rows, event.report_id, event)
