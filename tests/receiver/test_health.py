"""Whether it lives, whether it is ready, and what it counts."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from receiver.server import metrics
from tests.conftest import NewService
from tests.harness.service import COMMAND, Service
from tests.harness.waiting import PATIENCE_SECONDS, eventually
from tests.receiver.examples import Fresh, kit_event, note, problem

KITS = "/api/v1/kits/"


@contextmanager
def projector(service: Service) -> Iterator[subprocess.Popen[bytes]]:
    """Run `kitledger project` beside a service."""
    process = subprocess.Popen(
        [*COMMAND, "project"],
        env=service.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        # One that is still starting is ended by the signal itself.
        ends = {0, -signal.SIGTERM, -signal.SIGKILL}
        assert process.wait(PATIENCE_SECONDS) in ends


def total(service: Service, metric: str, **labels: str) -> float:
    """Sum a metric over its label sets that have these labels."""
    found = 0.0
    for name, told, value in re.findall(
        r"^(\w+)(?:\{(.*)\})? (\S+)$", service.get("/metrics").text, re.M
    ):
        if name == metric and set(labels.items()) <= set(re.findall(r'(\w+)="([^"]*)"', told)):
            found += float(value)
    return found


def test_a_server_that_serves_is_alive_and_ready(service: Service) -> None:
    assert service.anonymous("GET", "/healthz").json() == {"status": "alive"}
    assert service.anonymous("GET", "/readyz").json()["status"] == "ready"


@pytest.mark.one_store
def test_without_a_projector_it_is_alive_and_not_ready_until_one_comes(
    new_service: NewService,
) -> None:
    service = new_service(1)
    service.serve("--no-projector")
    service.wait_until_ready("/healthz")

    refusal = problem(service.anonymous("GET", "/readyz"), 503)
    assert "projector" in refusal["detail"]
    service.post_webhook([kit_event(1, "WAITING"), note(2)])
    behind = service.get(KITS)
    assert (behind.status_code, behind.json()) == (200, [])
    assert int(behind.headers["ledger-lag"]) > 0
    unknown = service.get(f"{KITS}WAITING/")
    assert int(unknown.headers["ledger-lag"]) > 0
    problem(unknown, 404)
    assert "behind" in service.cli("quarantine", "list").stderr

    with projector(service):
        service.wait_until_ready()
        caught_up = service.get(KITS)

    assert [kit["barcode"] for kit in caught_up.json()] == ["WAITING"]
    assert "ledger-lag" not in caught_up.headers
    assert caught_up.headers["etag"] != behind.headers["etag"]


@pytest.mark.one_store
def test_a_second_projector_waits_and_takes_over_when_the_first_is_killed(
    new_service: NewService,
) -> None:
    service = new_service(1)
    service.serve("--no-projector")
    with projector(service) as first:
        service.wait_until_ready()
        with projector(service) as second:
            service.post_webhook(kit_event(1, "BEFORE"))
            assert len(service.get(KITS).json()) == 1
            os.kill(first.pid, signal.SIGKILL)
            first.wait(PATIENCE_SECONDS)

            service.post_webhook(kit_event(2, "AFTER"))

            assert eventually(lambda: len(service.get(KITS).json()) == 2)
            assert second.poll() is None


@pytest.mark.one_store
def test_a_projector_whose_server_is_gone_ends_by_itself(service: Service) -> None:
    nobody_s_parent = "1"

    assert service.cli("project", "--parent", nobody_s_parent).returncode == 0


def test_counts_are_right_whichever_process_is_asked(service: Service, fresh: Fresh) -> None:
    counted = "kitledger_webhooks_total"
    before = total(service, counted, outcome="recorded")
    requests = total(service, "kitledger_commit_members_sum")

    for _ in range(25):
        service.post_webhook(note(fresh()))
    service.post_webhook([note(fresh()), note(fresh())])

    asked = {total(service, counted, outcome="recorded") for _ in range(10)}
    assert asked == {before + 27}
    assert total(service, "kitledger_commit_members_sum") == requests + 26


def test_outcomes_are_counted_by_source(service: Service, fresh: Fresh) -> None:
    service.add_source("counted")
    event = note(fresh())
    bodies = [
        event,
        event,
        {**event, "data": {"other": 1}},
        note("x"),
        b"not json",
        b"",
        note(fresh()),
    ]
    for body in bodies:
        service.post_webhook(body, source="counted")
    service.post_webhook(event, source="counted", webhook_id=None)

    outcomes = {
        "recorded": 2,
        "duplicate": 1,
        "conflict": 1,
        "invalid": 1,
        "not-json": 2,
        "malformed-headers": 1,
    }
    found = {
        name: total(service, "kitledger_webhooks_total", source="counted", outcome=name)
        for name in outcomes
    }
    assert found == outcomes


def test_names_that_callers_invent_do_not_become_labels(service: Service) -> None:
    before = total(service, "kitledger_webhooks_total", outcome="unknown-source")
    for name in ("invented-1", "invented-2"):
        service.anonymous("POST", f"/webhooks/{name}", content=b"{}")

    assert total(service, "kitledger_webhooks_total", outcome="unknown-source") == before + 2
    assert "invented" not in service.get("/metrics").text


@pytest.mark.parametrize("projection", ["events", "kits", "reports", "kit-registrations"])
def test_every_projection_tells_how_far_it_is_behind(service: Service, projection: str) -> None:
    service.get(KITS)
    assert f'kitledger_projection_lag{{projection="{projection}"}} ' in service.get("/metrics").text
    assert eventually(
        lambda: total(service, "kitledger_projection_lag", projection=projection) == 0
    )


def test_a_server_without_a_shared_folder_counts_by_itself() -> None:
    text = metrics.exposition(lambda: [("kits", 3, True)], shared=False).decode()

    assert 'kitledger_projection_lag{projection="kits"} 3.0' in text
    assert 'kitledger_projection_stopped{projection="kits"} 1.0' in text
    assert "kitledger_commit_seconds_count" in text
    assert metrics.no_room(shared=False) == (0, 0.0)
