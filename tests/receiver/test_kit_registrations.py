"""Kit registrations: which customer has which kit, under both addresses."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.harness.service import Service
from tests.receiver.examples import ISO, Fresh, pages, position, problem, sample

ADDRESSES = ["/api/v1/kit-registrations/", "/api/v1/customer-kit-registrations/"]
HERE = ADDRESSES[0]
FIELDS = ["id", "created_at", "modified_at", "customer", "kit", "verification_date"]
either_address = pytest.mark.parametrize("address", ADDRESSES)


@pytest.fixture
def registered(service: Service, fresh: Fresh) -> dict[str, Any]:
    """Give the registration of a kit to a customer."""
    answer = service.post(HERE, {"customer": fresh(), "kit": f"KIT{fresh()}"})
    assert answer.status_code == 201
    made: dict[str, Any] = answer.json()
    return made


def path(registration: dict[str, Any]) -> str:
    return f"{HERE}{registration['id']}/"


def test_the_registration_of_the_seeds(service: Service) -> None:
    made = service.post(HERE, {"customer": 70, "kit": "67"}).json()
    given = {name: made[name] for name in ("id", "created_at", "modified_at")}
    assert all(ISO.fullmatch(given[name]) for name in ("created_at", "modified_at"))

    listed = service.get(f"{ADDRESSES[1]}?customer=70")
    one = service.get(f"{ADDRESSES[1]}{made['id']}/")
    changed = service.patch(f"{ADDRESSES[1]}{made['id']}/", sample("kit-registration-change"))

    assert listed.json() == [sample("kit-registrations-of-a-customer")[0] | given]
    assert one.json() == sample("kit-registration") | given
    assert changed.status_code == 200
    moved = {"modified_at": changed.json()["modified_at"]}
    assert changed.json() == sample("kit-registration-changed") | given | moved
    assert [list(each) for each in (*listed.json(), one.json(), changed.json())] == [FIELDS] * 3


@either_address
def test_a_new_registration_says_where_it_is(service: Service, fresh: Fresh, address: str) -> None:
    wanted = {"customer": fresh(), "kit": f"KIT{fresh()}", "verification_date": "2019-11-24"}

    answer = service.post(address, wanted)

    assert answer.status_code == 201
    assert answer.headers["location"] == f"{address}{answer.json()['id']}/"
    assert service.get(answer.headers["location"]).json() == answer.json()
    assert answer.json()["verification_date"] == "2019-11-24T00:00:00+00:00"


@either_address
def test_the_same_customer_and_kit_again_is_the_registration_that_exists(
    service: Service, registered: dict[str, Any], address: str
) -> None:
    before = position(service)

    again = service.post(address, {"customer": registered["customer"], "kit": registered["kit"]})

    assert (again.status_code, again.json()) == (200, registered)
    assert position(service) == before


@pytest.mark.one_store
def test_a_byte_order_mark_before_a_body_is_skipped(service: Service, fresh: Fresh) -> None:
    body = json.dumps({"customer": fresh(), "kit": f"BOM{fresh()}"}).encode("utf-8-sig")
    headers = {"content-type": "application/json"}
    assert service.request("POST", HERE, content=body, headers=headers).status_code == 201


def test_a_kit_belongs_to_one_customer(
    service: Service, fresh: Fresh, registered: dict[str, Any]
) -> None:
    problem(service.post(HERE, {"customer": fresh(), "kit": registered["kit"]}), 409)
    assert service.get(HERE, params={"kit": registered["kit"]}).json() == [registered]


def test_a_customer_may_have_several_kits(service: Service, fresh: Fresh) -> None:
    customer = fresh()
    made = [service.post(HERE, {"customer": customer, "kit": f"K{fresh()}"}) for _ in range(5)]

    found = pages(service, HERE, customer=customer, limit=2)

    assert [len(page) for page in found] == [2, 2, 1]
    assert [each for page in found for each in page] == [answer.json() for answer in made]


def test_ids_rise_and_are_given_once(service: Service, fresh: Fresh) -> None:
    wanted = [{"customer": fresh(), "kit": f"K{fresh()}"} for _ in range(24)]

    with ThreadPoolExecutor(8) as clients:
        made = list(clients.map(lambda new: service.post(HERE, new), wanted))

    ids = [answer.json()["id"] for answer in made]
    assert len(set(ids)) == 24
    assert service.post(HERE, {"customer": fresh(), "kit": f"K{fresh()}"}).json()["id"] > max(ids)


def test_eight_who_want_one_kit_at_once_leave_it_to_one(service: Service, fresh: Fresh) -> None:
    kit, customers = f"WANTED{fresh()}", [fresh() for _ in range(8)]

    with ThreadPoolExecutor(8) as clients:
        asked = [clients.submit(service.post, HERE, {"customer": c, "kit": kit}) for c in customers]

    statuses = sorted(each.result().status_code for each in asked)
    assert statuses == [201] + [409] * 7
    assert len(service.get(HERE, params={"kit": kit}).json()) == 1


@pytest.mark.parametrize("query", [{"customer": 999_999_999_999}, {"kit": "NOBODY'S"}], ids=str)
def test_an_unknown_customer_or_kit_lists_nothing(service: Service, query: dict[str, Any]) -> None:
    answer = service.get(HERE, params=query)
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize(
    "query",
    ["customer=x", "customer=", "customer=-1", "customer=9007199254740992", "kit=", "limit=x"],
)
def test_a_bad_query_value_is_refused(service: Service, query: str) -> None:
    problem(service.get(f"{HERE}?{query}"), 400)


@either_address
@pytest.mark.parametrize("number", ["999999", "9007199254740992", "0", "-1", "x"])
def test_an_unknown_registration_is_not_found(service: Service, address: str, number: str) -> None:
    problem(service.get(f"{address}{number}/"), 404)
    problem(service.patch(f"{address}{number}/", {"verification_date": None}), 404)


@pytest.mark.parametrize(
    ("new", "fields"),
    [
        ({}, ["customer", "kit"]),
        ({"customer": "70", "kit": "67"}, ["customer"]),
        ({"customer": None, "kit": None}, ["customer", "kit"]),
        ({"customer": 1.5, "kit": 67}, ["customer", "kit"]),
        ({"customer": True, "kit": ""}, ["customer", "kit"]),
        ({"customer": -1, "kit": "x" * 65}, ["customer", "kit"]),
        ({"customer": 2**53, "kit": "\ud800"}, ["customer", "kit"]),
        ({"customer": 1, "kit": "a\nb"}, ["kit"]),
        ({"customer": 1, "kit": "1", "verification_date": "soon"}, ["verification_date"]),
        ([], ["body"]),
        (None, ["body"]),
    ],
    ids=str,
)
def test_a_registration_that_breaks_the_schema_is_refused(
    service: Service, new: Any, fields: list[str]
) -> None:
    refusal = problem(service.request("POST", HERE, content=json.dumps(new)), 422)
    assert sorted(refusal["errors"]) == fields


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2019-11-24T10:00:00+00:00", "2019-11-24T10:00:00+00:00"),
        ("2019-11-24T10:00:00Z", "2019-11-24T10:00:00+00:00"),
        ("2019-11-24T10:00:00+05:30", "2019-11-24T04:30:00+00:00"),
        ("2019-11-24T10:00:00", "2019-11-24T10:00:00+00:00"),
        ("2019-11-24 10:00:00", "2019-11-24T10:00:00+00:00"),
        ("2019-11-24", "2019-11-24T00:00:00+00:00"),
        ("2019-W47-7", "2019-11-24T00:00:00+00:00"),
        ("20191124T100000Z", "2019-11-24T10:00:00+00:00"),
        ("2019-11-24T10:00:00.123456Z", "2019-11-24T10:00:00+00:00"),
        (None, None),
    ],
)
def test_a_verification_date_is_set_and_cleared(
    service: Service, registered: dict[str, Any], sent: str | None, shown: str | None
) -> None:
    service.patch(path(registered), {"verification_date": "2000-01-01"})

    answer = service.patch(path(registered), {"verification_date": sent})

    assert (answer.status_code, answer.json()["verification_date"]) == (200, shown)
    assert service.get(path(registered)).json() == answer.json()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"verification_date": "2019-11-24T10:00:00+00:00"},
        {"verification_date": "2019-11-24T12:00:00+02:00"},
        {
            "customer": 1,
            "kit": "other",
            "id": 5,
            "created_at": None,
            "modified_at": "x",
            "more": [],
        },
    ],
    ids=str,
)
def test_a_change_that_changes_nothing_moves_nothing(
    service: Service, registered: dict[str, Any], change: dict[str, Any]
) -> None:
    first = service.patch(path(registered), {"verification_date": "2019-11-24T10:00:00Z"}).json()
    before = position(service)

    answer = service.patch(path(registered), change)

    assert (answer.status_code, answer.json()) == (200, first)
    assert position(service) == before


def test_what_was_shown_sent_again_moves_nothing(
    service: Service, registered: dict[str, Any]
) -> None:
    precise = {"verification_date": "2019-11-24T10:00:00.900Z"}
    first = service.patch(path(registered), precise).json()
    before = position(service)

    for date in (first["verification_date"], "2019-11-24T10:00:00.100Z"):
        again = service.patch(path(registered), {"verification_date": date})
        assert (again.status_code, again.json()) == (200, first)
    assert position(service) == before


def test_the_path_names_the_registration_never_the_customer(
    service: Service, registered: dict[str, Any]
) -> None:
    problem(service.patch(f"{HERE}{registered['customer']}/", {"verification_date": None}), 404)


@pytest.mark.parametrize(
    "date", ["", "soon", "2019-02-30", 1574589600, True, [], {}, "2019-11-24T25:00"]
)
def test_what_is_no_date_is_refused(
    service: Service, registered: dict[str, Any], date: Any
) -> None:
    refusal = problem(service.patch(path(registered), {"verification_date": date}), 422)

    assert set(refusal["errors"]) == {"verification_date"}
    assert service.get(path(registered)).json() == registered


STALE = {"If-Match": '"stale"'}
EXISTS = {"If-None-Match": "*"}


def test_of_eight_changes_that_know_one_state_one_is_made(
    service: Service, registered: dict[str, Any]
) -> None:
    known = {"If-Match": service.get(path(registered)).headers["etag"]}
    dates = [f"2019-11-{day}T10:00:00+00:00" for day in range(11, 19)]

    with ThreadPoolExecutor(8) as clients:
        asked = [
            clients.submit(service.patch, path(registered), {"verification_date": d}, headers=known)
            for d in dates
        ]

    answers = [each.result() for each in asked]
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    made = next(answer.json() for answer in answers if answer.status_code == 200)
    assert service.get(path(registered)).json() == made


@pytest.mark.parametrize("change", [{"verification_date": "2019-11-24"}, {}], ids=str)
@pytest.mark.parametrize("condition", [STALE, EXISTS], ids=str)
def test_a_change_heeds_its_preconditions(
    service: Service, registered: dict[str, Any], change: Any, condition: dict[str, str]
) -> None:
    before = position(service)
    problem(service.patch(path(registered), change, headers=condition), 412)
    assert position(service) == before

    known = {"If-Match": service.get(path(registered)).headers["etag"], "If-None-Match": '"other"'}
    assert service.patch(path(registered), change, headers=known).status_code == 200


@either_address
def test_a_new_registration_heeds_its_preconditions(
    service: Service, fresh: Fresh, address: str
) -> None:
    new = {"customer": fresh(), "kit": f"NEW{fresh()}"}
    problem(service.post(address, new, headers={"If-Match": "*"}), 412)
    assert service.get(address, params={"customer": new["customer"]}).json() == []

    made = service.post(address, new, headers=EXISTS)
    assert made.status_code == 201
    for condition in (EXISTS, STALE, {"If-None-Match": made.headers["etag"]}):
        problem(service.post(address, new, headers=condition), 412)
    again = service.post(address, new, headers={"If-Match": made.headers["etag"]})
    assert (again.status_code, again.json()) == (200, made.json())
