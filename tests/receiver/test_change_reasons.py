"""Clients say why they change something, and a service may ask them for it."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.harness.per_store import PerStore
from tests.harness.service import Service
from tests.receiver.examples import Fresh, problem

HEADER = "Change-Reason"
NEEDS = ("PATCH", "PUT", "DELETE")


def say(service: Service, fresh: Fresh, reason: str | bytes) -> httpx.Response:
    """Register a kit for a reason, whose text is sent as UTF-8."""
    raw = reason.encode() if isinstance(reason, str) else reason
    return service.post(
        "/api/v1/kit-registrations/",
        {"customer": fresh(), "kit": str(fresh())},
        headers=[(HEADER.encode(), raw)],
    )


def kept(service: Service, answer: httpx.Response) -> Any:
    """Return the reason that the history of a registration has."""
    assert answer.status_code == 201, answer.text
    [entry] = service.get(f"{answer.headers['location']}history/").json()
    return entry["why"]


@pytest.mark.one_store
@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("asked by phone", "asked by phone"),
        ("%20asked by phone%20", "asked by phone"),
        ("Žofie asked", "Žofie asked"),
        (quote("Žofie asked"), "Žofie asked"),
        (quote("日本", safe=""), "日本"),
        ("100 % sure", "100 % sure"),
        ("100%25 sure", "100% sure"),
        ("%C5%BDofie and Žofie", "Žofie and Žofie"),
        ("ž" * 500, "ž" * 500),
        (quote("ž" * 500), "ž" * 500),
        ("", None),
        ("%20%20", None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_reason_is_kept_as_it_was_meant(
    service: Service, fresh: Fresh, given: str, reason: str | None
) -> None:
    assert kept(service, say(service, fresh, given)) == reason


@pytest.mark.one_store
@pytest.mark.parametrize(
    "given",
    [
        b"x" * 501,
        b"%78" * 501,
        "ž".encode() * 501,
        b"\xc5",
        "Žofie".encode("cp1250"),
        b"%C5",
        b"%FF%FE",
        b"line%0Abreak",
        b"%00",
        "left\u202eright".encode(),
        b"%ED%A0%80",
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_reason_that_can_not_be_read_or_shown_is_refused(
    service: Service, fresh: Fresh, given: bytes
) -> None:
    document = problem(say(service, fresh, given), 422)
    assert list(document["errors"]) == [HEADER]


@pytest.mark.one_store
def test_a_service_may_ask_for_the_reason_of_every_change(
    per_store: PerStore, fresh: Fresh
) -> None:
    strict = per_store.services.beside(per_store.service, REQUIRE_REASON="1")
    strict.serve("--no-projector")
    strict.wait_until_ready()
    made = say(strict, fresh, b"")
    assert made.status_code == 201, "a POST needs none"
    group = fresh()
    root = f"/api/organizations/{group}/groups/{group}"
    profiles = f"/api/organizations/{group}/profiles/{fresh()}/registrations"
    reason = {HEADER: "asked by phone"}
    assert strict.request("PUT", root, json={"name": "A"}, headers=reason).status_code == 201
    registered = strict.post(profiles, {"groupID": group, "type": "patient"}).json()
    changes: list[tuple[str, str, Any]] = [
        ("PATCH", made.headers["location"], {"verification_date": "2018-01-01"}),
        ("PUT", root, {"name": "B"}),
        ("PUT", f"{profiles}/{registered['id']}", {"type": "provider"}),
        ("DELETE", f"{profiles}/{registered['id']}", None),
    ]

    for method, path, body in changes:
        for headers in ({}, {HEADER: ""}, {HEADER: "%20"}):
            answer = strict.request(method, path, json=body, headers=headers)
            assert list(problem(answer, 422)["errors"]) == [HEADER], (method, headers)
        assert strict.request(method, path, json=body, headers=reason).status_code in {200, 204}
    strict.close()
