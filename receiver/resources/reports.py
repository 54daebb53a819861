"""GET /api/v1/reports/ and /api/v1/reports/{id}/."""

from typing import Any

from flask import Response
from marshmallow import fields

from projections.reports import Reports
from receiver.access import requires
from receiver.blueprint import Blueprint
from receiver.pages import Cursor
from receiver.resources import standings

blueprint = Blueprint(
    "reports", __name__, url_prefix="/api/v1/reports", description="How reports stand."
)
REPORTS = Reports()


class ReportSchema(standings.StandingSchema):
    """How a report stands."""

    class Meta:
        fields = ("id", "status", "reason", "created_at", "modified_at")

    id = fields.Integer(required=True)


_one, _many = ReportSchema(), ReportSchema(many=True)


class ReportsQuery(standings.StandingsQuery):
    """The arguments of the list."""

    after = Cursor([int], load_default=None)


@blueprint.route("/")
@requires("reader")
@blueprint.arguments(ReportsQuery, location="query", error_status_code=400)
@blueprint.response(200, ReportSchema(many=True))
def list_reports(query: dict[str, Any]) -> Response:
    """List reports by id"""
    return standings.listing(REPORTS, _many.dump, query)


@blueprint.route("/<id:report_id>/")
@requires("reader")
@blueprint.response(200, ReportSchema)
def get_report(report_id: int) -> Response:
    """Tell how one report stands"""
    return standings.one(REPORTS, _one.dump, report_id)
