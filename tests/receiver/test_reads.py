"""What all reads have in common: both slash forms, ETags, pages, and saying how far behind they are."""

from typing import Any

import httpx
import pytest

from tests.harness.service import Service
from tests.receiver.examples import Fresh, kit_event, note, problem, report_event

LISTS = [
    "/api/v1/events",
    "/api/v1/kits",
    "/api/v1/reports",
    "/api/v1/kit-registrations",
    "/api/v1/customer-kit-registrations",
]


@pytest.fixture(scope="module")
def things(service: Service, fresh: Fresh) -> list[str]:
    """Give the addresses, without the last slash, of a kit, a report and a registration that exist."""
    # Of their own each time: a process may come back to this module.
    barcode, report_id = f"READ-{fresh()}", fresh()
    service.post_webhook([kit_event(fresh(), barcode), report_event(fresh(), report_id)])
    made = service.post("/api/v1/kit-registrations/", {"customer": fresh(), "kit": barcode}).json()
    registrations = [f"{address}/{made['id']}" for address in LISTS[3:]]
    return [f"/api/v1/kits/{barcode}", f"/api/v1/reports/{report_id}", *registrations]


@pytest.mark.usefixtures("things")
@pytest.mark.parametrize("path", LISTS)
def test_lists_are_bare_arrays_with_and_without_the_last_slash(service: Service, path: str) -> None:
    with_slash, without = service.get(f"{path}/"), service.get(path)

    assert (with_slash.status_code, without.status_code) == (200, 200)
    assert isinstance(with_slash.json(), list)
    assert with_slash.json() == without.json()


def test_things_have_both_slash_forms_too(service: Service, things: list[str]) -> None:
    for thing in things:
        with_slash, without = service.get(f"{thing}/"), service.get(thing)
        assert (with_slash.status_code, without.status_code) == (200, 200)
        assert with_slash.json() == without.json()


@pytest.mark.parametrize("slash", ["", "/"])
def test_writes_have_both_slash_forms_too(service: Service, fresh: Fresh, slash: str) -> None:
    new = {"customer": fresh(), "kit": f"SLASH{fresh()}"}
    made = service.post(f"/api/v1/kit-registrations{slash}", new)
    assert made.status_code == 201

    changed = service.patch(f"/api/v1/kit-registrations/{made.json()['id']}{slash}", {})
    assert (changed.status_code, changed.json()) == (200, made.json())

    answer = service.anonymous("POST", f"/webhooks/lab{slash}", content=b"")
    problem(answer, 401)


@pytest.mark.parametrize("spell", ["{}", "W/{}", '"other", {}', "*"])
def test_who_has_an_answer_already_gets_304(
    service: Service, things: list[str], spell: str
) -> None:
    for path in [*LISTS, *things]:
        first = service.get(f"{path}/")
        known = {"If-None-Match": spell.format(first.headers["etag"])}

        again = service.get(f"{path}/", headers=known)

        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]


def test_an_etag_changes_when_the_answer_does(service: Service, fresh: Fresh) -> None:
    kit = f"ETAG{fresh()}"
    service.post_webhook(kit_event(fresh(), kit))
    first = service.get(f"/api/v1/kits/{kit}/")
    service.post_webhook(kit_event(fresh(), kit, "KIT_RECEIVED"))

    again = service.get(f"/api/v1/kits/{kit}/", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.json()["status"]) == (200, "KIT_RECEIVED")
    assert again.headers["etag"] != first.headers["etag"]


def test_a_full_last_page_changes_its_etag_when_a_next_one_comes(
    service: Service, fresh: Fresh
) -> None:
    customer = fresh()

    def register() -> httpx.Response:
        new = {"customer": customer, "kit": f"FULL{fresh()}"}
        assert service.post("/api/v1/kit-registrations/", new).status_code == 201
        return service.get("/api/v1/kit-registrations/", params={"customer": customer, "limit": 1})

    alone, followed = register(), register()

    assert alone.json() == followed.json()
    assert "next" in followed.links
    assert "next" not in alone.links
    assert alone.headers["etag"] != followed.headers["etag"]


@pytest.mark.usefixtures("things")
@pytest.mark.parametrize("path", LISTS[:3])
def test_head_answers_like_get_without_the_body(service: Service, path: str) -> None:
    got, asked = service.get(f"{path}/"), service.request("HEAD", f"{path}/")

    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["etag"] == got.headers["etag"]
    assert asked.headers["content-length"] == str(len(got.content))


def test_a_link_keeps_the_other_arguments(service: Service, fresh: Fresh) -> None:
    type_ = f"note & more.{fresh()}"
    events = [note(fresh(), type=type_, created_at="1999-01-01") for _ in range(2)]
    service.post_webhook(events)
    query: dict[str, Any] = {"limit": 1, "type": type_, "created_at__lt": "1999-01-02 00:00:00"}

    link = service.get("/api/v1/events/", params=query).links["next"]["url"]

    asked_for = httpx.URL(link).params
    assert {name: asked_for[name] for name in query} == {name: str(query[name]) for name in query}
    assert service.get(link).json()[0]["id"] == events[1]["id"]


@pytest.mark.one_store
@pytest.mark.parametrize(
    ("query", "hints"),
    [
        ("/kits/?statsu=KIT_SHIPPED", {"statsu": "status"}),
        ("/events/?created_at__gt=2019-11-24", {"created_at__gt": "created_at__gte"}),
        ("/events/?limt=2&Type=note.added", {"limt": "limit", "Type": "type"}),
        ("/kit-registrations/?custommer=70&kit=67", {"custommer": "customer"}),
        ("/reports/?page=2&page=3", {"page": ""}),
        ("/kits/READ-1/?status=KIT_SHIPPED", {"status": ""}),
    ],
)
def test_a_parameter_that_a_route_does_not_know_is_named_with_the_nearest_that_it_does(
    service: Service, query: str, hints: dict[str, str]
) -> None:
    refusal = problem(service.get(f"/api/v1{query}"), 400)

    assert set(refusal["errors"]) == set(hints)
    for name, hint in hints.items():
        assert name in refusal["detail"]
        (message,) = refusal["errors"][name]
        assert message.endswith(f"did you mean {hint}?") if hint else "did you" not in message


def test_writes_know_no_parameters_and_change_nothing(service: Service, fresh: Fresh) -> None:
    new = {"customer": fresh(), "kit": f"QUERY{fresh()}"}
    problem(service.post("/api/v1/kit-registrations/?dry_run=1", new), 400)
    assert service.get("/api/v1/kit-registrations/", params={"kit": new["kit"]}).json() == []


@pytest.mark.one_store
def test_parameters_are_not_judged_before_credentials(service: Service) -> None:
    problem(service.anonymous("GET", "/api/v1/kits/?statsu=KIT_SHIPPED"), 401)


@pytest.mark.one_store
def test_what_looks_whether_the_process_lives_may_add_what_it_likes(service: Service) -> None:
    assert service.get("/healthz?t=1795310611").status_code == 200
