"""Reports, by id."""

from sqlalchemy import BigInteger, Column

from domain.aggregates.report import Report
from projections.observed import ObservedProjection
from projections.observed_tables import observed_tables


class Reports(ObservedProjection):
    """The current status of each report."""

    name = "reports"
    aggregate = Report
    key = "id"
    tables = observed_tables(
        "reports", lambda: Column("id", BigInteger, primary_key=True, autoincrement=False)
    )


PROJECTION = Reports()
