"""The folder of the metrics may vanish while the service runs: answers and counts stay as they are."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from receiver.server.metric_files import MetricFiles
from tests.conftest import NewService
from tests.harness.service import Service
from tests.harness.waiting import eventually
from tests.receiver.examples import note
from tests.receiver.test_health import total


def folder_of(service: Service) -> Path:
    """Return the only folder of metrics of a service."""
    [found] = service.folder.glob("kitledger-metrics-*")
    return found


def recorded(service: Service) -> float:
    """Return how many events were counted as recorded."""
    return total(service, "kitledger_webhooks_total", outcome="recorded")


@pytest.mark.one_store
def test_a_server_whose_metrics_are_removed_answers_counts_and_replaces_workers(
    new_service: NewService,
) -> None:
    service = new_service(1).start()
    folder = folder_of(service)
    shutil.rmtree(folder)

    assert service.post_webhook(note(1)).status_code == 202
    assert service.get("/metrics").status_code == 200
    assert recorded(service) == 1
    shutil.rmtree(folder)
    assert eventually(folder.is_dir)
    assert recorded(service) == 1

    before, worker = service.processes(), worker_of(service)
    shutil.rmtree(folder)
    os.kill(worker, signal.SIGKILL)
    assert eventually(lambda: len(set(service.processes()) - set(before)) == 1)
    service.wait_until_ready()
    assert service.post_webhook(note(2)).status_code == 202
    assert recorded(service) == 1


def worker_of(service: Service) -> int:
    """Return the process of the only worker: it alone writes metrics."""
    folder = folder_of(service)
    assert eventually(lambda: list(folder.glob("counter_*.db")))
    [file] = folder.glob("counter_*.db")
    return int(file.stem.split("_")[1])


def test_a_folder_that_can_not_be_made_costs_no_number(tmp_path: Path) -> None:
    place = tmp_path / "metrics"
    place.write_text("in the way")
    files = MetricFiles(place)
    counted = files.new_value("counter", "some", "some_total", (), (), "Some.")

    counted.inc(2)
    files.restore()
    place.unlink()
    files.restore()

    assert counted.get() == 2
    again = MetricFiles(place).new_value("counter", "some", "some_total", (), (), "Some.")
    assert again.get() == 2
