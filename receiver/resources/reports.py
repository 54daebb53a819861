"""Reports: report.updated in, /api/v1/reports/ out. Source: seeds, events."""

from domain.aggregates.report import Report
from projections.models import reports
from receiver.fields import Id, Prose, Status
from receiver.observed import observed_resource
from receiver.schemas import Lenient


class ReportSchema(Lenient):
    """A report in an event."""

    id = Id(required=True, attribute="report_id")
    status = Status(required=True)
    reason = Prose(allow_none=True, load_default=None)


RESOURCE = observed_resource(
    event_types=("report.updated",),
    aggregate=Report,
    payload=ReportSchema,
    projection=reports.PROJECTION,
)
