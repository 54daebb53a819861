"""GET /api/v1/reports/: how each report stands."""

import pytest

from tests.harness.service import Service
from tests.receiver.examples import ISO, SEED_EVENTS, Fresh, pages, problem, report_event, sample

REPORTS = "/api/v1/reports/"


def test_the_report_of_the_seeds_ends_as_blocked(service: Service) -> None:
    for name in SEED_EVENTS[4:]:
        assert service.post_webhook(sample(name)).status_code == 202

    report = service.get(f"{REPORTS}345345/").json()

    assert list(report) == ["id", "status", "reason", "created_at", "modified_at"]
    assert all(ISO.fullmatch(report.pop(name)) for name in ("created_at", "modified_at"))
    reason = "Kit registration verification date is not found."
    assert report == {"id": 345345, "status": "BLOCKED", "reason": reason}


def test_a_blocked_report_that_gets_available_has_no_reason_any_more(
    service: Service, fresh: Fresh
) -> None:
    number, low, high = fresh(), fresh(), fresh()

    service.post_webhook(report_event(high, number, "AVAILABLE"))
    service.post_webhook(report_event(low, number, "BLOCKED", reason="No consent."))

    report = service.get(f"{REPORTS}{number}/").json()
    assert (report["status"], report["reason"]) == ("AVAILABLE", None)


def test_reports_can_be_listed_by_status(service: Service, fresh: Fresh) -> None:
    numbers = [fresh() for _ in range(5)]
    events = [report_event(fresh(), number, "HALF_WRITTEN") for number in reversed(numbers)]
    service.post_webhook(events)

    found = pages(service, REPORTS, status="HALF_WRITTEN", limit=2)

    shown = [[report["id"] for report in page] for page in found]
    assert shown == [numbers[:2], numbers[2:4], numbers[4:]]


@pytest.mark.parametrize(
    "number",
    ["1", "9007199254740991", "9007199254740992", "9" * 30, "-1", "1.0", "x", "1e3", "%D9%A3"],
)
def test_a_report_that_nobody_spoke_of_is_not_found(service: Service, number: str) -> None:
    problem(service.get(f"{REPORTS}{number}/"), 404)


@pytest.mark.parametrize("query", ["status=blocked", "limit=x", "after=WyJ4Il0=", "after=Wy0xXQ=="])
def test_a_bad_query_value_is_refused(service: Service, query: str) -> None:
    problem(service.get(f"{REPORTS}?{query}"), 400)
