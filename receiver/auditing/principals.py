"""The histories of sources and clients."""

from domain.aggregates.client import Client
from domain.aggregates.source import Source
from receiver.blueprint import Blueprint
from receiver.history import add_history

blueprint = Blueprint(
    "principals", __name__, url_prefix="/api/v1", description="Who may send, and who may call."
)
add_history(blueprint, "/sources/<name>/history/", Source.create_id, "source")
add_history(blueprint, "/clients/<id:client_id>/history/", Client.create_id, "client")
