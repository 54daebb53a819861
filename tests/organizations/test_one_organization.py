"""A client of one organization learns nothing of any other, not even whether there is one."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.harness.service import NO_AUTHORITIES, Credentials, Service
from tests.organizations.camp import PATIENT, PROVIDER, Camp, expect, where
from tests.receiver.examples import problem

pytestmark = pytest.mark.one_store

ROUTES = [
    "groups",
    "groups/{root}",
    "groups/{root}/registrations",
    "groups/1",
    "groups/1/registrations",
    "groups/9",
    "profiles/70/registrations",
    "profiles/70/registrations/{made}",
    "profiles/70/registrations/1",
    "profiles/99/registrations",
    "nothing",
    "",
]
READS, WRITES = ("GET", "HEAD", "OPTIONS", "DELETE"), ("POST", "PUT", "PATCH")
BODIES: dict[str, dict[str, Any]] = {
    "none": {},
    "a good one": {
        "json": {"name": "Mine", "groupID": 1, "type": PROVIDER, "parentID": 1},
    },
    "a bad one": {"json": {"name": 5, "groupID": "x", "type": "nurse"}},
    "no JSON": {"content": b"{", "headers": {"content-type": "application/json"}},
    "a twin": {"json": {"groupIdentifier": "secret", "type": PATIENT, "name": "Mine"}},
}
ASKED = [("", method, "none") for method in READS + WRITES]
ASKED += [("/", method, "none") for method in READS + WRITES]
ASKED += [("", method, body) for method in WRITES for body in BODIES]
TELLING = {"etag", "link", "ledger-lag", "location", "last-modified"}
PASSING = {"date", "x-request-id"}


class Foreign:
    """Somebody else's organization with something in it, one that nobody made, and who may see neither."""

    def __init__(self, theirs: Camp, nobodys: int, client: Credentials) -> None:
        theirs.make(1, groupIdentifier="secret")
        self.made = theirs.register(70, 1)
        theirs.register(71, 1)
        self.theirs, self.client = theirs, client
        self.nobodys = Camp(theirs.service, nobodys)
        self._http = httpx.Client(base_url=theirs.service.url, timeout=30, verify=NO_AUTHORITIES)

    def close(self) -> None:
        """End the client's connection."""
        self._http.close()

    def both(self, method: str, path: str, **options: Any) -> list[httpx.Response]:
        """Ask the same of the organization that there is and of the one that there is not."""
        return [self.ask(each, method, path, **options) for each in (self.theirs, self.nobodys)]

    def ask(self, camp: Camp, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask as the client that may not."""
        named = camp.path(path.replace("{made}", str(self.made["id"])))
        return self._http.request(method, named, auth=self.client, **options)

    def etag(self, path: str) -> str:
        """Return the ETag that those who may see it see."""
        answer = self.theirs.ask("GET", path.replace("{made}", str(self.made["id"])))
        return answer.headers.get("etag", '"none"')


@pytest.fixture(scope="module", params=["reader", "admin"])
def foreign(
    service: Service, fresh: Callable[[], int], request: pytest.FixtureRequest
) -> Iterator[Foreign]:
    """Make a client of one organization, and another organization."""
    own, theirs = Camp(service, fresh()), Camp(service, fresh())
    for camp in (own, theirs):
        camp.make(name="Camp")
    client = service.add_client(request.param, options=("--organization", str(own.root)))
    made = Foreign(theirs, fresh(), client)
    yield made
    made.close()


def told(answer: httpx.Response) -> tuple[Any, ...]:
    """Return all that an answer tells, but for what changes with each."""
    headers = {name: value for name, value in answer.headers.items() if name not in PASSING}
    return answer.status_code, answer.content, headers


@pytest.mark.parametrize("path", ROUTES)
def test_an_organization_of_others_answers_as_if_there_were_none(
    foreign: Foreign, path: str
) -> None:
    before = foreign.theirs.answers()
    for slash, method, body in ASKED:
        theirs, nobodys = foreign.both(method, path + slash, **BODIES[body])
        assert told(theirs) == told(nobodys), f"{method} {path}"
        if method != "OPTIONS":
            assert theirs.status_code in {404, 405}
            assert not TELLING & set(theirs.headers)
    assert foreign.theirs.answers() == before
    assert foreign.nobodys.ask("GET", "groups").status_code == 404


@pytest.mark.parametrize("name", ["if-match", "if-none-match"])
@pytest.mark.parametrize("path", ROUTES[:-2])
def test_no_condition_tells_that_there_is_something(foreign: Foreign, path: str, name: str) -> None:
    for etag in ("*", foreign.etag(path), f"W/{foreign.etag(path)}"):
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            body = {"json": {"name": "Mine"}} if method == "PUT" else {}
            theirs, nobodys = foreign.both(method, path, headers={name: etag}, **body)
            assert told(theirs) == told(nobodys), f"{method} {path} {name}: {etag}"
            assert theirs.status_code in {404, 405}


@pytest.mark.parametrize("query", ["limit=1", "limit=0", "after=x", "limit=1&limit=2"])
@pytest.mark.parametrize("path", ["groups", "groups/1/registrations", "profiles/70/registrations"])
def test_no_query_tells_that_there_is_something(foreign: Foreign, path: str, query: str) -> None:
    theirs, nobodys = foreign.both("GET", f"{path}?{query}")
    assert told(theirs) == told(nobodys)
    problem(theirs, 404)


def test_every_other_route_answers_as_if_it_were_not_there(foreign: Foreign) -> None:
    for path in ("/api/v1/events", "/api/v1/kits/", "/api/v1/kit-registrations/1", "/metrics"):
        problem(foreign.theirs.service.get(path, auth=foreign.client), 404)


def test_within_ones_own_organization_things_of_others_are_as_unknown_as_things_that_are_not(
    service: Service, fresh: Callable[[], int]
) -> None:
    own, theirs = Camp(service, fresh()), Camp(service, fresh())
    for camp in (own, theirs):
        camp.make(name="Camp")
    theirs.make(5, groupIdentifier="secret")
    made, nothing = theirs.register(70, 5), {"profileID": 70, "id": 2**53 - 1}
    roles, bound = ("reader", "registrar"), ("--organization", str(own.root))
    client = service.add_client(*roles, options=bound)

    def ask(method: str, path: str, body: Any = None) -> tuple[Any, ...]:
        return told(own.ask(method, path, body, auth=client))

    for method in ("GET", "PUT", "DELETE"):
        body = {} if method == "PUT" else None
        assert ask(method, where(made), body) == ask(method, where(nothing), body)
    for there, absent in ((theirs.root, 2**53 - 1), (5, 6)):
        assert ask("GET", f"groups/{there}") == ask("GET", f"groups/{absent}")
        parents = [{"name": "New", "parentID": each} for each in (there, absent)]
        assert len({str(ask("PUT", "groups/8", each)) for each in parents}) == 1
        groups = [{"groupID": each, "type": PATIENT} for each in (there, absent)]
        assert len({str(ask("POST", "profiles/70/registrations", each)) for each in groups}) == 1
    named = [{"groupIdentifier": each, "type": PATIENT} for each in ("secret", "nobodys")]
    assert len({str(ask("POST", "profiles/70/registrations", each)) for each in named}) == 1
    assert expect(own.ask("GET", "profiles/70/registrations", auth=client), 200).json() == []
    assert ask("PUT", "groups/8", {"name": "Mine", "groupIdentifier": "secret"})[0] == 201


def test_an_answer_of_a_group_that_others_have_too_is_about_ones_own(
    service: Service, fresh: Callable[[], int]
) -> None:
    camps = [Camp(service, fresh()) for _ in range(2)]
    for number, camp in enumerate(camps):
        camp.make(name=f"Camp {number}")
        camp.make(5, name=f"Group {number}", groupIdentifier="same")
        camp.register(70, 5)
    for number, camp in enumerate(camps):
        (listed,) = camp.get("profiles/70/registrations")
        assert camp.get("groups/{root}/registrations") == [listed]
        assert listed["groupName"] == f"Group {number}"
        assert [each["id"] for each in camp.get("groups")] == [5, camp.root]
