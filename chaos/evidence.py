"""What became of it all: as the service shows it, and as it lies in the store."""

import json
import time
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from chaos.account import UNAVAILABLE
from chaos.grounds import Ground, Stored
from chaos.waiting import until
from tests.harness.service import Service

CAUGHT_UP_SECONDS = 20.0
PATIENT_ATTEMPTS = 5
LAG = "kitledger_projection_lag{"
decode = msgspec.msgpack.Decoder(type=dict[str, object]).decode


@dataclass(frozen=True)
class Evidence:
    """What was found at the end: `listed` and `kits` by HTTP, `stored` in the ledger, and its flaws."""

    listed: list[int]
    kits: dict[str, str]
    stored: list[Stored]
    lags: dict[str, int]
    flaws: list[str]

    def recorded(self) -> list[tuple[int, int]]:
        """Return the id and the position of each event as often as it is in the ledger."""
        return [
            (int(str(decode(state)["event_id"])), position)
            for position, _, topic, state in self.stored
            if topic == "Delivery.Recorded"
        ]


def gather(service: Service, ground: Ground) -> Evidence:
    """Wait until the projections have caught up, and look at everything."""
    until(lambda: caught_up(service), CAUGHT_UP_SECONDS)
    flaws = ground.flaws()
    stored = ground.stored()
    ready = get(service, "/readyz")
    if ready.json().get("position") != len(stored) or ready.json().get("stopped"):
        flaws.append(f"/readyz does not know the ledger's {len(stored)} events: {ready.text}")
    return Evidence(
        [event["id"] for event in whole(service, "/api/v1/events/")],
        {kit["barcode"]: kit["status"] for kit in whole(service, "/api/v1/kits/")},
        stored,
        lags(service),
        flaws,
    )


def caught_up(service: Service) -> bool:
    """Say whether the service is ready, and every projection at the ledger's end."""
    return service.get("/readyz").is_success and set(lags(service).values()) == {0}


def lags(service: Service) -> dict[str, int]:
    """Return how far each projection is behind, as the metrics say."""
    lines = get(service, "/metrics").text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line.startswith(LAG))
    return {name.split('"')[1]: int(float(value)) for name, value in pairs}


def whole(service: Service, path: str) -> list[dict[str, Any]]:
    """Read a list to its end, page after page."""
    found: list[dict[str, Any]] = []
    answer = get(service, f"{path}?limit=1000")
    while True:
        found += json.loads(answer.content)
        if "next" not in answer.links:
            return found
        answer = get(service, answer.links["next"]["url"])


def get(service: Service, path: str) -> httpx.Response:
    """Read something; again after a 503, for a worker may only now come upon a connection that is lost."""
    for _ in range(PATIENT_ATTEMPTS):
        answer = service.get(path)
        if answer.status_code != UNAVAILABLE:
            break
        time.sleep(int(answer.headers["Retry-After"]))
    assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
    return answer
