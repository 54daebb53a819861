"""Who may not, who knows only an older state, and what is no request: refused, with nothing written."""

import uuid
from base64 import b64encode

import pytest

from tests.harness.service import Credentials, Service
from tests.organizations.camp import PATIENT, PROVIDER
from tests.organizations.place import DEEP, JSON, MINE, NORTH, POST, SOUTH, Case, Place

READS: list[Case] = [
    ("GET", "groups", None),
    ("GET", "groups/1", None),
    ("GET", "groups/1/registrations", None),
    ("GET", POST, None),
    ("GET", MINE, None),
]
WRITES: list[Case] = [
    ("POST", POST, {"groupID": SOUTH, "type": PROVIDER}),
    ("PUT", MINE, {"type": PROVIDER, "groupID": DEEP}),
    ("DELETE", MINE, None),
    ("PUT", "groups/1", {"name": "Changed"}),
    ("PUT", "groups/9", {"name": "New"}),
    ("PUT", "groups/{root}", {"name": "Changed"}),
]
CHANGES: list[Case] = [
    ("PUT", MINE, {"type": PROVIDER, "groupID": DEEP}),
    ("PUT", MINE, {}),
    ("DELETE", MINE, None),
    ("PUT", "groups/1", {"name": "Changed"}),
    ("PUT", "groups/3", {"name": "Group", "parentID": SOUTH}),
    ("PUT", "groups/{root}", {"name": "Changed"}),
]


@pytest.fixture(scope="module", autouse=True)
def clients(service: Service) -> dict[str, Credentials]:
    """Make a client with each role alone."""
    return {role: service.add_client(role) for role in ("reader", "registrar", "auditor")}


@pytest.mark.parametrize(
    ("role", "cases"),
    [
        ("reader", WRITES),
        ("registrar", READS),
        ("auditor", READS + WRITES),
    ],
)
def test_a_role_that_is_missing_is_forbidden(
    place: Place, clients: dict[str, Credentials], role: str, cases: list[Case]
) -> None:
    for case in cases:
        place.refused(case, 403, auth=clients[role])


@pytest.mark.parametrize(
    "credentials", ["", f"Bearer {uuid.UUID(int=1)}", "Basic", "Basic !", "id"]
)
def test_without_right_credentials_nothing_is_told(
    place: Place, clients: dict[str, Credentials], credentials: str
) -> None:
    wrong_key = b64encode(f"{clients['reader'][0]}:{uuid.uuid4()}".encode()).decode()
    sent = f"Basic {wrong_key}" if credentials == "id" else credentials
    headers = {"authorization": sent} if sent else {}
    for method, path, body in READS + WRITES:
        answer = place.camp.service.anonymous(
            method, place.camp.path(place.path(path)), headers=headers, json=body
        )
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"]
        assert answer.headers["content-type"] == "application/problem+json"
    place.make_sure()


@pytest.mark.parametrize("etag", ['"stale"', 'W/"stale"', '"a", "b"'])
@pytest.mark.parametrize("case", CHANGES, ids=str)
def test_who_knows_only_an_older_state_changes_nothing(place: Place, case: Case, etag: str) -> None:
    place.refused(case, 412, headers={"if-match": etag})


@pytest.mark.parametrize("etag", ["*", '"any"'])
def test_what_is_not_there_matches_nothing(place: Place, etag: str) -> None:
    place.refused(("PUT", "groups/9", {"name": "New"}), 412, headers={"if-match": etag})


@pytest.mark.one_store
@pytest.mark.parametrize("spell", ["*", "{}", "W/{}", '"other", {}'])
@pytest.mark.parametrize("case", CHANGES, ids=str)
def test_who_wants_none_to_exist_changes_nothing_that_does(
    place: Place, case: Case, spell: str
) -> None:
    own = place.camp.ask("GET", place.path(case[1])).headers["etag"]
    place.refused(case, 412, headers={"if-none-match": spell.format(own)})


@pytest.mark.parametrize("case", CHANGES, ids=str)
def test_the_etag_of_one_thing_or_weakly_its_own_is_not_the_state_of_another(
    place: Place, case: Case
) -> None:
    own = place.camp.ask("GET", place.path(case[1])).headers["etag"]
    other = place.camp.ask("GET", "groups/2").headers["etag"]
    for etag in (other, f"W/{own}"):
        place.refused(case, 412, headers={"if-match": etag})


@pytest.mark.parametrize("body", [b"", b"{", b"{'a': 1}", b"\xff", b'{"a": NaN}', b"[" * 9999])
@pytest.mark.parametrize(("method", "path"), [("POST", POST), ("PUT", MINE), ("PUT", "groups/1")])
def test_what_is_not_json_is_refused(place: Place, method: str, path: str, body: bytes) -> None:
    place.refused((method, path, body), 400)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "json"])
@pytest.mark.parametrize("case", [case for case in WRITES if case[2]], ids=str)
def test_another_content_type_than_json_is_refused(place: Place, case: Case, kind: str) -> None:
    method, path, _ = case
    body = b'{"name": "Changed", "groupID": 2, "type": "provider"}'
    place.refused((method, path, body), 415, headers={"content-type": kind})


def test_a_body_too_large_is_refused(place: Place) -> None:
    body = b'{"name": "' + b"x" * 2**20 + b'"}'
    for method, path in (("POST", POST), ("PUT", MINE), ("PUT", "groups/1")):
        place.refused((method, path, body), 413, headers=JSON)


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=1001", "limit=-1", "limit=x", "limit=", "limit=1&limit=2", "after=x"),
        *("after=WzFd&after=WzFd", "after=WyJhIl0=", "after=Wy0xXQ==", "after=W3RydWVd", "after="),
    ],
)
@pytest.mark.parametrize("path", ["groups", "groups/1/registrations", POST])
def test_a_query_that_means_nothing_is_refused(place: Place, path: str, query: str) -> None:
    place.refused(("GET", f"{path}?{query}", None), 400)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("groups", {"GET", "HEAD", "OPTIONS"}),
        ("groups/1", {"GET", "HEAD", "OPTIONS", "PUT"}),
        ("groups/1/registrations", {"GET", "HEAD", "OPTIONS"}),
        (POST, {"GET", "HEAD", "OPTIONS", "POST"}),
        (MINE, {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}),
    ],
)
def test_a_method_that_a_route_does_not_have_is_named_with_those_that_it_has(
    place: Place, path: str, methods: set[str]
) -> None:
    for method in {"POST", "PUT", "PATCH", "DELETE"} - methods:
        place.refused((method, path, {"name": "x", "groupID": NORTH, "type": PATIENT}), 405)
        allowed = place.camp.ask(method, place.path(path)).headers["allow"]
        assert set(allowed.split(", ")) == methods
