"""Three files make a new event type work: nothing else of the product is changed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.effort import LONG
from tests.harness.service import Service
from tests.harness.service_factory import ServiceFactory

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests" / "samples" / "shipment"
PACKAGES = ("audit", "domain", "projections", "receiver", "registry", "store")
FILES = ("wsgi.py", "setup.cfg")
CACHES = shutil.ignore_patterns("__pycache__")
LIST = "/api/v1/shipments/"
GATES = [("lint-imports", "--no-cache"), *([("mypy",)] if LONG else [])]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the product with the three files in it."""
    folder = tmp_path_factory.mktemp("product")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=CACHES)
    for file in FILES:
        shutil.copy(ROOT / file, folder)
    added = [file.relative_to(SAMPLE) for file in SAMPLE.rglob("*.py")]
    assert len(added) == 3
    assert not [file for file in added if (folder / file).exists()], "the sample replaces a file"
    shutil.copytree(SAMPLE, folder, ignore=CACHES, dirs_exist_ok=True)
    return folder


def variables(product: Path) -> dict[str, str]:
    """Return an environment in which the copy is imported, and not measured."""
    return {"PYTHONPATH": str(product), "COVERAGE_PROCESS_CONFIG": ""}


@pytest.fixture(scope="module")
def service(product: Path, services: ServiceFactory, prepared: Service) -> Iterator[Service]:
    """Give a service that runs the copy.

    What a test posts stays, so each takes event ids and shipments of its own.
    """
    running = services.like(prepared, 1, **variables(product)).start()
    yield running
    running.close()


def shipment_event(event_id: int, shipment_id: int, status: str, **more: Any) -> dict[str, Any]:
    """Make a shipment.updated, on the day that its id names; `more` are further fields."""
    return {
        "id": event_id,
        "type": "shipment.updated",
        "created_at": f"2017-11-{event_id:02} 10:00:00",
        "data": {"shipment": {"shipment_id": shipment_id, "status": status, **more}},
    }


def statuses(service: Service, query: str = "") -> dict[int, str]:
    """Return the status of each shipment in the list."""
    return {each["shipment_id"]: each["status"] for each in service.get(LIST + query).json()}


def held_under(service: Service, event: dict[str, Any], status: int) -> str:
    """Post an event that is refused, and return the number under which it is quarantined."""
    answer = service.post_webhook(event)
    assert answer.status_code == status, answer.text
    return str(answer.json()["quarantine"])


@pytest.mark.parametrize("module", [*PACKAGES, "wsgi"])
def test_the_copy_wins_over_the_installed_product(product: Path, module: str) -> None:
    command = [sys.executable, "-c", f"import {module}; print({module}.__file__)"]
    environment = {**os.environ, **variables(product)}
    done = subprocess.run(
        command, cwd=product.parent, env=environment, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()).is_relative_to(product)


def test_events_of_a_new_type_are_read_as_a_list_and_one_by_one(service: Service) -> None:
    sent = shipment_event(1, 2344, "SENT", carrier="Pigeon Post")
    lost = shipment_event(3, 2344, "LOST", reason="fog")
    late = shipment_event(2, 2344, "LATE")

    assert service.post_webhook(sent).status_code == 202
    assert service.post_webhook(sent).json()["status"] == "duplicate"
    assert service.post_webhook([lost, late, shipment_event(4, 5, "SENT")]).status_code == 202

    assert service.get(f"{LIST}2344/").json() == {
        "shipment_id": 2344,
        "status": "LOST",
        "carrier": "Pigeon Post",
        "reason": "fog",
        "created_at": "2017-11-01T10:00:00+00:00",
        "modified_at": "2017-11-03T10:00:00+00:00",
    }
    assert statuses(service) == {5: "SENT", 2344: "LOST"}
    assert statuses(service, "?status=LOST") == {2344: "LOST"}
    first = service.get(f"{LIST}?limit=1")
    (second,) = service.get(first.links["next"]["url"]).json()
    assert [first.json()[0]["shipment_id"], second["shipment_id"]] == [5, 2344]
    assert service.get(f"{LIST}6/").status_code == 404
    assert service.anonymous("GET", LIST).status_code == 401


def test_a_new_type_has_histories_and_is_in_the_log(service: Service) -> None:
    service.post_webhook(
        [shipment_event(8, 77, "SENT"), shipment_event(9, 77, "LOST", carrier="X")]
    )

    sent, lost = service.get(f"{LIST}77/history/").json()

    assert {"field": "shipment_id", "before": None, "after": 77} in sent["changes"]
    assert {"field": "carrier", "before": None, "after": "X"} in lost["changes"]
    log = service.get("/api/v1/audit/log/?kind=shipment&event=Shipment.Observed").json()
    assert {"kind": "shipment", "id": 77} in [entry["subject"] for entry in log]


def test_the_document_describes_a_new_type(service: Service) -> None:
    document = service.get("/openapi.json").json()
    schemas = document["components"]["schemas"]

    assert {LIST, f"{LIST}{{shipment_id}}/"} <= set(document["paths"])
    assert "carrier" in schemas["Shipment"]["required"]
    assert schemas["ShipmentPayload"]["required"] == ["shipment_id", "status"]
    assert schemas["ShipmentPayload"]["properties"]["carrier"]["maxLength"] == 32
    assert "shipment.updated" in str(schemas["Envelope"])


def test_the_projection_of_a_new_type_is_rebuilt(service: Service) -> None:
    service.post_webhook([shipment_event(number, 10 + number % 2, "SENT") for number in (5, 6, 7)])
    before = service.get(LIST).json()

    done = service.cli("projections", "rebuild", "shipments")

    assert done.stdout.splitlines()[-1] == "Rebuilt: shipments."
    assert {10, 11} <= {each["shipment_id"] for each in before}
    assert service.get(LIST).json() == before


def test_a_released_conflict_takes_the_place_of_what_was_recorded(service: Service) -> None:
    service.post_webhook(shipment_event(8, 20, "SENT"))
    held = held_under(service, shipment_event(8, 21, "SENT", carrier="Owl"), 409)

    assert service.cli("quarantine", "release", held, "--yes").stdout == "Event 8: replaced.\n"

    assert service.get(f"{LIST}20/").status_code == 404
    assert service.get(f"{LIST}21/").json()["carrier"] == "Owl"


def test_an_invalid_event_is_released_after_its_payload_was_mended(
    service: Service, product: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = "x" * 33
    held = held_under(service, shipment_event(9, 30, "SENT", carrier=carrier), 422)
    release = "quarantine", "release", held
    assert "still invalid: data.shipment.carrier" in service.cli(*release, check=False).stderr

    mended = tmp_path / "mended"
    shutil.copytree(product, mended)
    resource = mended / "receiver" / "resources" / "shipments.py"
    resource.write_text(resource.read_text().replace("Text(32,", "Text(64,"))
    monkeypatch.setitem(service.environment, "PYTHONPATH", str(mended))

    assert service.cli(*release).stdout == "Event 9: recorded.\n"
    assert service.get(f"{LIST}30/").json()["carrier"] == carrier


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate[0])
def test_a_new_type_passes_the_gates(product: Path, gate: tuple[str, ...]) -> None:
    program = Path(sys.executable).with_name(gate[0])
    environment = {**os.environ, **variables(product)}
    done = subprocess.run(
        [program, *gate[1:]],
        cwd=product,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
