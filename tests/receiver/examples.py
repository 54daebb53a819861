"""What the tests of the edge send, and what they look for in answers."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.harness.service import Service

Fresh = Callable[[], int]
SAMPLES = Path(__file__).parents[1] / "samples"
SEED_EVENTS = [f"events/{file.stem}" for file in sorted((SAMPLES / "events").iterdir())]
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")
SPACED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def sample(name: str) -> Any:
    """Read one of the payloads that the seeds show."""
    return json.loads((SAMPLES / f"{name}.json").read_text())


def kit_event(event_id: int, barcode: str, status: str = "KIT_SHIPPED", **more: Any) -> Any:
    """Make an envelope that tells of a kit; `more` are further fields of the kit."""
    kit = {"barcode": barcode, "status": status, **more}
    return {"id": event_id, "type": "kit.updated", "data": {"kit": kit}}


def report_event(event_id: int, report_id: int, status: str = "AVAILABLE", **more: Any) -> Any:
    """Make an envelope that tells of a report; `more` are further fields of the report."""
    report = {"id": report_id, "status": status, **more}
    return {"id": event_id, "type": "report.updated", "data": {"report": report}}


def note(event_id: int, **more: Any) -> Any:
    """Make an envelope of a type that nobody knows."""
    return {"id": event_id, "type": "note.added", "data": {}, **more}


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """Return the problem document of a refusal, after making sure that it is one."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert {type(document[name]) for name in ("type", "title", "detail")} == {str}
    assert document["title"]
    assert document["detail"]
    return document


def position(service: Service) -> int:
    """Return the last position of the ledger: it moves with everything that is kept."""
    head: int = service.get("/readyz").json()["position"]
    return head


def event_ids(service: Service, **query: Any) -> list[int]:
    """List the ids of the events that a query finds."""
    return [event["id"] for event in service.get("/api/v1/events/", params=query).json()]


def held(service: Service, refusal: dict[str, Any]) -> dict[str, Any]:
    """Show what a refusal says was put into quarantine."""
    shown = service.here("quarantine", "show", str(refusal["quarantine"]), "--json")
    kept: dict[str, Any] = json.loads(shown.stdout)
    return kept


def pages(service: Service, path: str, **query: Any) -> list[list[Any]]:
    """Follow the Link of each page to the last, and return what is on each."""
    answer = service.get(path, params=query)
    found = [answer.json()]
    while "next" in answer.links:
        answer = service.get(answer.links["next"]["url"])
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
    return found
