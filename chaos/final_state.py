"""The state after an experiment: as the service shows it, and as it is stored."""

import json
import time
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from chaos.client_log import UNAVAILABLE
from chaos.store_under_test import StoredEvent, StoreUnderTest
from chaos.waiting import wait_until
from tests.harness.service import Service

CATCH_UP_SECONDS = 20.0
ATTEMPTS = 5
LAG_METRIC = "kitledger_projection_lag{"
decode = msgspec.msgpack.Decoder(type=dict[str, object]).decode


@dataclass(frozen=True)
class FinalState:
    """Events and kits as listed over HTTP, events as stored in the ledger, and problems found."""

    listed: list[int]
    kits: dict[str, str]
    stored: list[StoredEvent]
    lags: dict[str, int]
    problems: list[str]

    def recorded(self) -> list[tuple[int, int]]:
        """Return the event id and the position of each delivery stored in the ledger."""
        return [
            (int(str(decode(state)["event_id"])), position)
            for position, _, topic, state in self.stored
            if topic == "Delivery.Recorded"
        ]


def read_final_state(service: Service, store: StoreUnderTest) -> FinalState:
    """Wait until the projections have caught up, then read the store and every list."""
    wait_until(lambda: has_caught_up(service), CATCH_UP_SECONDS)
    problems = store.integrity_errors()
    stored = store.stored_events()
    ready = get(service, "/readyz")
    if ready.json().get("position") != len(stored) or ready.json().get("stopped"):
        problems.append(f"/readyz disagrees with the ledger's {len(stored)} events: {ready.text}")
    problems += proof_errors(service)
    return FinalState(
        [event["id"] for event in read_list(service, "/api/v1/events/")],
        {kit["barcode"]: kit["status"] for kit in read_list(service, "/api/v1/kits/")},
        stored,
        projection_lags(service),
        problems,
    )


def proof_errors(service: Service) -> list[str]:
    """Sign the transparency log, and return what its verification finds."""
    for command in ("checkpoint", "verify"):
        done = service.cli("audit", command, check=False)
        if done.returncode:
            return [f"audit {command}: {done.stdout or done.stderr}"]
    return []


def has_caught_up(service: Service) -> bool:
    """Return whether the service is ready and no projection lags."""
    return service.get("/readyz").is_success and set(projection_lags(service).values()) == {0}


def projection_lags(service: Service) -> dict[str, int]:
    """Return the lag of each projection from the metrics."""
    lines = get(service, "/metrics").text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line.startswith(LAG_METRIC))
    return {name.split('"')[1]: int(float(value)) for name, value in pairs}


def read_list(service: Service, path: str) -> list[dict[str, Any]]:
    """Read all pages of a list."""
    rows: list[dict[str, Any]] = []
    response = get(service, f"{path}?limit=1000")
    while True:
        rows += json.loads(response.content)
        if "next" not in response.links:
            return rows
        response = get(service, response.links["next"]["url"])


def get(service: Service, path: str) -> httpx.Response:
    """Send a GET; repeat it after a 503, since a worker may only now find its connection broken."""
    for _ in range(ATTEMPTS):
        response = service.get(path)
        if response.status_code != UNAVAILABLE:
            break
        time.sleep(int(response.headers["Retry-After"]))
    assert response.is_success, f"{path}: {response.status_code} {response.text}"
    return response
