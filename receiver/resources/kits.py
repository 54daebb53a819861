"""GET /api/v1/kits/ and /api/v1/kits/{barcode}/."""

from typing import Any

from flask import Response
from marshmallow import fields

from projections.kits import Kits
from receiver.access import requires
from receiver.blueprint import Blueprint
from receiver.pages import Cursor
from receiver.resources import standings

blueprint = Blueprint("kits", __name__, url_prefix="/api/v1/kits", description="How kits stand.")
KITS = Kits()


class KitSchema(standings.StandingSchema):
    """How a kit stands."""

    class Meta:
        fields = ("barcode", "status", "shipment_id", "reason", "created_at", "modified_at")

    barcode = fields.String(required=True)
    shipment_id = fields.Integer(required=True, allow_none=True)


_one, _many = KitSchema(), KitSchema(many=True)


class KitsQuery(standings.StandingsQuery):
    """The arguments of the list."""

    after = Cursor([str], load_default=None)


@blueprint.route("/")
@requires("reader")
@blueprint.arguments(KitsQuery, location="query", error_status_code=400)
@blueprint.response(200, KitSchema(many=True))
def list_kits(query: dict[str, Any]) -> Response:
    """List kits by barcode"""
    return standings.listing(KITS, _many.dump, query)


@blueprint.route("/<path:barcode>/")
@requires("reader")
@blueprint.response(200, KitSchema)
def get_kit(barcode: str) -> Response:
    """Tell how one kit stands"""
    return standings.one(KITS, _one.dump, barcode)
