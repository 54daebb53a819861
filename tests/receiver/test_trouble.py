"""When the store can't take more, can't be reached, or holds what a projection can't take."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from receiver.admission import Admission
from receiver.errors import Overloaded
from tests.conftest import NewService
from tests.harness.postgres import Server
from tests.harness.service import Service
from tests.harness.waiting import eventually
from tests.receiver.examples import (
    Fresh,
    event_ids,
    kit_event,
    note,
    position,
    problem,
    report_event,
)
from tests.receiver.test_cli import error, here, rows
from tests.receiver.test_health import total

MIB = 1024 * 1024
KITS = "/api/v1/kits/"


def test_more_than_the_store_can_take_is_asked_to_come_back(service: Service, fresh: Fresh) -> None:
    bodies = [
        (b'{"id": %d, "type": "note.large", "data": {}}' % fresh()).ljust(MIB) for _ in range(40)
    ]
    before = position(service)

    with service.nobody_writes(), ThreadPoolExecutor(len(bodies)) as clients:
        answers = list(clients.map(service.post_webhook, bodies))

    reasons = {problem(answer, 503)["detail"] for answer in answers}
    assert all(answer.headers["retry-after"].isdigit() for answer in answers)
    assert {reason for reason in reasons if "waiting" in reason}, "some were not even let in"
    assert {reason for reason in reasons if "store" in reason}, "some waited for the store in vain"
    assert position(service) == before
    refused = sum("waiting" in answer.text for answer in answers)
    assert total(service, "kitledger_webhooks_total", outcome="no-room") >= refused
    shown = service.get("/readyz").json()["no_room"]
    assert shown["refused"] >= refused
    assert shown["last"] > "2000"
    warned = [line for line in service.log_lines() if line["event"] == "webhook-no-room"]
    assert {(line["level"], line["source"]) for line in warned} == {("warning", "lab")}
    assert service.post_webhook(bodies[0]).status_code == 202


def test_reads_go_on_from_the_start_while_nobody_can_write(new_service: NewService) -> None:
    service = new_service(1).start()

    with service.nobody_writes():
        answers = [service.get(KITS) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3


def test_a_process_takes_on_only_what_fits() -> None:
    admission = Admission(requests=2, size=10)

    with admission.admit(6):
        with pytest.raises(Overloaded), admission.admit(6):
            pass
        with admission.admit(4), pytest.raises(Overloaded), admission.admit(0):
            pass
        with admission.admit(4):
            pass


def test_places_are_given_back_after_a_failure() -> None:
    admission = Admission(requests=1, size=10)

    for _ in range(3):
        with pytest.raises(ZeroDivisionError), admission.admit(10):
            raise ZeroDivisionError


def test_while_the_ledger_is_gone_reads_show_what_there_is_and_nothing_is_taken(
    service: Service, fresh: Fresh
) -> None:
    reads = (KITS, "/api/v1/events/")
    before = [service.get(path) for path in reads]
    service.query("ALTER TABLE stored_events RENAME TO mislaid")
    try:
        refusals = [service.anonymous("GET", "/readyz"), service.post_webhook(note(fresh()))]
        shown = [service.get(path) for path in reads]
    finally:
        service.query("ALTER TABLE mislaid RENAME TO stored_events")

    for refusal in refusals:
        assert "store" in problem(refusal, 503)["detail"]
        assert refusal.headers["retry-after"].isdigit()
    assert [(each.status_code, each.headers["ledger-lag"]) for each in shown] == [
        (200, "unknown"),
        (200, "unknown"),
    ]
    assert [each.json() for each in shown] == [each.json() for each in before]
    # A question that has just failed is not put again at once.
    assert eventually(lambda: "ledger-lag" not in service.get(KITS).headers)
    assert service.anonymous("GET", "/readyz").status_code == 200
    assert service.post_webhook(note(fresh())).status_code == 202


def test_while_its_server_is_down_nothing_is_taken_and_then_it_goes_on(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(closing(Server()))
        server.create().start()
        folder = tmp_path_factory.mktemp("service")
        service = stack.enter_context(closing(Service(folder, DATABASE_URL=server.url())))
        service.prepare().start().post_webhook(kit_event(1, "BEFORE"))
        before = service.processes()
        server.stop()
        refusals = [service.anonymous("GET", "/readyz"), service.post_webhook(kit_event(2, "NOW"))]
        refusals += [service.get(path) for path in (KITS, "/api/v1/events/", "/metrics")]
        alive = service.anonymous("GET", "/healthz")
        server.start()

        for refusal in refusals:
            assert "store" in problem(refusal, 503)["detail"]
            assert refusal.headers["retry-after"].isdigit()
        assert alive.status_code == 200
        service.wait_until_ready()
        assert service.post_webhook(kit_event(2, "NOW")).status_code == 202
        assert eventually(lambda: "ledger-lag" not in service.get(KITS).headers)
        assert [kit["barcode"] for kit in service.get(KITS).json()] == ["BEFORE", "NOW"]
        assert service.processes() == before


def test_an_event_that_a_projection_can_not_take_stops_it_alone_until_it_is_skipped(
    new_service: NewService,
) -> None:
    service = new_service(1).start()
    service.post_webhook(kit_event(1, "BEFORE"))
    row = "max(position) + 1, 'kit/POISON', 1, 'Kit.Observed', %s"
    columns = "position, originator_id, originator_version, topic, state"
    service.query(f"INSERT INTO stored_events ({columns}) SELECT {row} FROM stored_events", b"\xc1")

    service.post_webhook([kit_event(2, "AFTER"), report_event(3, 7)])

    assert eventually(lambda: "kits" in service.get("/readyz").json()["stopped"])
    ready = service.get("/readyz")
    assert (ready.status_code, list(ready.json()["stopped"])) == (200, ["kits"])
    assert event_ids(service) == [1, 2, 3]
    assert service.get("/api/v1/reports/7/").status_code == 200
    stale = service.get(KITS)
    assert [kit["barcode"] for kit in stale.json()] == ["BEFORE"]
    assert int(stale.headers["ledger-lag"]) > 0
    statuses = {row["name"]: row for row in rows(service, "projections", "status")}
    assert [name for name, row in statuses.items() if row["stopped_at"]] == ["kits"]
    assert "Kit.Observed" in statuses["kits"]["error"]
    assert 'kitledger_projection_stopped{projection="kits"} 1.0' in service.get("/metrics").text

    assert here(service, "projections", "skip", "kits").exit_code == 0

    assert eventually(lambda: "ledger-lag" not in service.get(KITS).headers)
    assert [kit["barcode"] for kit in service.get(KITS).json()] == ["AFTER", "BEFORE"]
    assert service.get("/readyz").json()["stopped"] == {}
    assert "kits" in error(here(service, "projections", "skip", "kits"))
