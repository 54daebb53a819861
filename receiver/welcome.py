"""The lines that `make run` prints: addresses, and on the first start secrets and a curl command."""

import json
import time

from domain.cause import Cause
from receiver.services import Services
from receiver.signatures import sign
from registry.clients import ROLES

SOURCE = "lab"
EVENT = {
    "id": 1,
    "type": "kit.created",
    "data": {"kit": {"barcode": "UL42345", "status": "KIT_SHIPPED", "shipment_id": 2344}},
}


def greet(services: Services, cause: Cause) -> str:
    """Return the lines; create the source `lab` and a client if there is no source and no client."""
    address = f"http://127.0.0.1:{services.settings.port}"
    lines = [f"kitledger at {address}", f"  page of the API: {address}/docs"]
    if services.sources.all() or services.clients.any():
        lines.append(
            "  new secrets: `kitledger sources rotate NAME`, `kitledger clients add NAME --role R`"
        )
        return "\n".join(lines)
    secret = services.sources.add(SOURCE, cause)
    client_id, key = services.clients.add("first", list(ROLES), cause)
    body = json.dumps(EVENT)
    timestamp = str(int(time.time()))
    signature = sign(secret, "msg_first", timestamp, body.encode())
    return "\n".join(
        [
            *lines,
            f"  the kits: {address}/api/v1/kits/",
            "",
            f"Source {SOURCE}, secret:",
            f"  {secret}",
            "Client with every role, id:key:",
            f"  {client_id}:{key}",
            "",
            "Announce a kit (the signature is good for five minutes):",
            f"  curl -i {address}/webhooks/{SOURCE} -H 'Content-Type: application/json' \\",
            f"    -H 'webhook-id: msg_first' -H 'webhook-timestamp: {timestamp}' \\",
            f"    -H 'webhook-signature: {signature}' -d '{body}'",
            "Read it:",
            f"  curl -u {client_id}:{key} {address}/api/v1/kits/",
            "",
            "The same by `kitledger`, which `make` has installed in .venv/bin, from this folder:",
            f"  kitledger send {SOURCE} kit.created --data kit.barcode=UL42346"
            f" --data kit.status=KIT_SHIPPED --url {address}",
            f"  kitledger tail --since beginning --client {client_id}:{key} --url {address}",
            "",
        ]
    )
