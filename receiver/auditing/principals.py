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
    known = services().sources.get(name) is not None
    return known and not _was_added(Source.create_id(name), Source.Added)


def _is_client(client_id: int) -> bool:
    known = services().clients.known(client_id)
    return known and not _was_added(Client.create_id(client_id), Client.Added)


def _was_added(stream: str, added: type[Source.Added | Client.Added]) -> bool:
    """Say whether a stream tells when its source or client was added: as of before, there was none."""
    return any(each.topic == added.TOPIC for each in services().ledger.store.select_stream(stream))


# Those that an earlier version added have no events until they are changed.
add_history(blueprint, "/sources/<name>/history/", Source.create_id, "source", exists=_is_source)
add_history(
    blueprint, "/clients/<id:client_id>/history/", Client.create_id, "client", exists=_is_client
)
