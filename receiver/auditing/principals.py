"""The histories of sources and clients."""

from domain.aggregates.client import Client
from domain.aggregates.source import Source
from receiver.blueprint import Blueprint
from receiver.current import services
from receiver.history import add_history

blueprint = Blueprint(
    "principals", __name__, url_prefix="/api/v1", description="Who may send, and who may call."
)


def _is_source(name: str) -> bool:
    return services().sources.get(name) is not None


def _is_client(client_id: int) -> bool:
    return services().clients.known(client_id)


# Those that an earlier version added have no events until they are changed.
add_history(blueprint, "/sources/<name>/history/", Source.create_id, "source", exists=_is_source)
add_history(
    blueprint, "/clients/<id:client_id>/history/", Client.create_id, "client", exists=_is_client
)
