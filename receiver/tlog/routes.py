"""GET /audit/tlog/…: the log as static files that any tool for such logs reads; and proofs of single events."""

from flask import Response, abort

from audit.tlog.builder import Altered, Recorder
from audit.tlog.entries import NoEntry, entry_bundle, entry_of
from audit.tlog.merkle import HASH_BYTES
from audit.tlog.tiles import WIDTH, Tile
from receiver.access import requires
from receiver.as_of import IMMUTABLE
from receiver.blueprint import Blueprint
from receiver.current import services
from receiver.transparency import tlog_proof

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
FOREVER = f"{IMMUTABLE}, max-age=31536000"
BATCH_BYTES = 4 * 1024 * 1024
NO_TILE = "the log has no such tile"
blueprint = Blueprint("tlog", __name__, description="Proof that nothing was altered.")


@blueprint.route("/audit/tlog/checkpoint")
@requires("auditor", as_of=False)
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
def get_checkpoint() -> Response:
    """Get the newest signed checkpoint

    A signed note of origin, size and root, with the cosignatures of witnesses; see
    https://c2sp.org/tlog-checkpoint.
    """
    note = services().tlog.newest()
    if note is None:
        abort(404, "no checkpoint was signed yet: `kitledger audit key` makes the key for it")
    response = Response(note, content_type=TEXT)
    response.cache_control.no_cache = True
    return response


@blueprint.route("/audit/tlog/<path:tile>")
@requires("auditor", as_of=False)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type=BYTES)
def get_tile(tile: str) -> Response:
    """Get a tile of hashes or of entries

    `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`; see https://c2sp.org/tlog-tiles.
    """
    try:
        wanted = Tile.parse(tile)
    except ValueError:
        abort(404, NO_TILE)
    found = _entries(wanted) if wanted.level is None else _hashes(wanted, wanted.level)
    response = Response(found, content_type=BYTES)
    response.headers["Cache-Control"] = FOREVER
    return response


@blueprint.route("/api/v1/audit/proofs/<id:position>")
@requires("auditor", as_of=False)
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
def get_proof(position: int) -> Response:
    """Get the proof that an event is in the log

    Under the newest checkpoint; see https://c2sp.org/tlog-proof.
    """
    try:
        proof = tlog_proof(services(), position)
    except (Altered, LookupError) as error:
        abort(409, f"the log was altered: {error}")
    if proof is None:
        abort(404, "no checkpoint covers this position")
    response = Response(proof, content_type=TEXT)
    response.cache_control.no_cache = True
    return response


def _hashes(tile: Tile, level: int) -> bytes:
    hashes = services().tlog.tile(level, tile.number)[: tile.width * HASH_BYTES]
    if len(hashes) < tile.width * HASH_BYTES:
        abort(404, NO_TILE)
    return hashes


def _entries(tile: Tile) -> bytes:
    """Return the entries of the events themselves: the tiles keep only their hashes."""
    store: Recorder = services().ledger.store
    first = tile.number * WIDTH
    last = first + tile.width
    if last > services().tlog.size():
        abort(404, NO_TILE)
    entries: list[bytes] = []
    while len(entries) < tile.width:
        after = first + len(entries)
        rows = store.select_rows(after, limit=last - after, max_bytes=BATCH_BYTES)
        if not rows:
            abort(404, NO_TILE)
        try:
            entries += [entry_of(row) for row in rows]
        except NoEntry as error:
            abort(409, f"the log was altered: {error}")
    return entry_bundle(entries)
