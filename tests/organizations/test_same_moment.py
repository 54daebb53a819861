"""Of many who want at the same moment what only one may have, through several processes, one gets it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from threading import Barrier
from typing import Any

import httpx
import pytest

from tests.harness.service import NO_AUTHORITIES, Service
from tests.organizations.camp import PATIENT, Camp, statuses, where
from tests.receiver.examples import position

MANY = 16
Asked = tuple[str, str, dict[str, Any]]


class Crowd:
    """Many clients, half of them at either server, who ask at the same moment."""

    def __init__(self, servers: Sequence[Service]) -> None:
        self._clients = [
            httpx.Client(base_url=server.url, auth=server.admin, timeout=60, verify=NO_AUTHORITIES)
            for server, _ in zip(cycle(servers), range(MANY), strict=False)
        ]
        self._threads = ThreadPoolExecutor(MANY)

    def ask(
        self, camp: Camp, asked: Sequence[Asked], *headers: dict[str, str]
    ) -> list[httpx.Response]:
        """Ask, each for something and with some headers, from the first again after the last."""
        start = Barrier(MANY)

        def one(client: httpx.Client, request: Asked, sent: dict[str, str]) -> httpx.Response:
            method, path, body = request
            assert client.get("/healthz").status_code == 200
            start.wait()
            return client.request(method, camp.path(path), json=body, headers=sent)

        jobs = zip(self._clients, cycle(asked), cycle(headers or [{}]), strict=False)
        return list(self._threads.map(lambda job: one(*job), jobs))

    def close(self) -> None:
        """End every connection."""
        self._threads.shutdown()
        for client in self._clients:
            client.close()


@pytest.fixture(scope="module")
def crowd(service: Service, neighbour: Service) -> Iterator[Crowd]:
    """Gather clients of two servers on the same store."""
    made = Crowd([service, neighbour])
    yield made
    made.close()


def test_a_server_beside_another_is_another_process(service: Service, neighbour: Service) -> None:
    assert len(service.processes()) > service.workers
    assert not set(service.processes()) & set(neighbour.processes())
    assert position(service) == position(neighbour)


@pytest.mark.parametrize("profile", range(5))
@pytest.mark.parametrize("group", [{"groupID": 1}, {"groupIdentifier": "one"}], ids=str)
def test_a_profile_is_registered_once(
    camp: Camp, crowd: Crowd, profile: int, group: dict[str, Any]
) -> None:
    camp.make(1, groupIdentifier="one")
    before = position(camp.service)

    answers = crowd.ask(
        camp, [("POST", f"profiles/{profile}/registrations", {**group, "type": PATIENT})]
    )

    assert statuses(answers) == [201] + [409] * (MANY - 1)
    (made,) = [each.json() for each in answers if each.status_code == 201]
    assert camp.get(f"profiles/{profile}/registrations") == [made]
    assert position(camp.service) - before == 2


@pytest.mark.parametrize("turn", range(4))
def test_a_registration_comes_back_or_another_is_made_but_not_both(
    camp: Camp, crowd: Crowd, turn: int
) -> None:
    camp.make(1)
    camp.make(2)
    gone, moving = camp.register(70, 1), camp.register(70, 2)
    camp.deactivate(gone)

    answers = crowd.ask(
        camp,
        [
            ("PUT", where(gone), {"deactivated": None}),
            ("POST", "profiles/70/registrations", {"groupID": 1, "type": PATIENT}),
            ("PUT", where(moving), {"groupID": 1}),
        ],
    )

    listed = camp.get("groups/1/registrations")
    (active,) = [each["id"] for each in listed if each["deactivated"] is None]
    won = {each.json()["id"] for each in answers if each.status_code < 400}
    assert won == {active}
    assert {each.status_code for each in answers} <= {200, 201, 409}


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("turn", range(3))
def test_an_identifier_goes_to_one_group(camp: Camp, crowd: Crowd, turn: int, new: bool) -> None:
    groups = range(1, MANY + 1)
    for group in () if new else groups:
        camp.make(group)
    said = {"name": "Mine", "groupIdentifier": "mine"}

    answers = crowd.ask(camp, [("PUT", f"groups/{group}", said) for group in groups])

    assert statuses(answers) == [201 if new else 200] + [409] * (MANY - 1)
    (won,) = [each.json() for each in answers if each.status_code < 300]
    named = [each for each in camp.get("groups") if each["name"] == "Mine"]
    assert named == [won]


@pytest.mark.parametrize("turn", range(5))
def test_of_two_groups_only_one_goes_below_the_other(camp: Camp, crowd: Crowd, turn: int) -> None:
    for group in (1, 2):
        camp.make(group)

    answers = crowd.ask(
        camp,
        [
            ("PUT", "groups/1", {"name": "Group", "parentID": 2}),
            ("PUT", "groups/2", {"name": "Group", "parentID": 1}),
        ],
    )

    assert statuses(answers) == [200] * (MANY // 2) + [422] * (MANY // 2)
    paths = sorted(each["parents"] for each in camp.get("groups") if each["id"] != camp.root)
    assert paths in ([[camp.root, 1], [camp.root, 1, 2]], [[camp.root, 2], [camp.root, 2, 1]])


@pytest.mark.parametrize("turn", range(3))
def test_groups_that_move_in_a_ring_leave_a_tree(camp: Camp, crowd: Crowd, turn: int) -> None:
    for group in range(MANY):
        camp.make(group)
    ring = [
        ("PUT", f"groups/{n}", {"name": "Group", "parentID": (n + 1) % MANY}) for n in range(MANY)
    ]

    answers = crowd.ask(camp, ring)

    assert statuses(answers) == [200] * (MANY - 1) + [422]
    paths = [each["parents"] for each in camp.get("groups")]
    assert sorted(map(len, paths)) == list(range(1, MANY + 2))


@pytest.mark.parametrize("turn", range(5))
@pytest.mark.parametrize("path", ["groups/1", "profiles/70/registrations/{made}"])
def test_of_many_who_know_the_same_state_one_changes_it(
    camp: Camp, crowd: Crowd, turn: int, path: str
) -> None:
    camp.make(1)
    path = path.replace("{made}", str(camp.register(70, 1)["id"]))
    known = {"if-match": camp.ask("GET", path).headers["etag"]}
    times = [f"2018-01-01 00:00:{second:02}" for second in range(MANY)]
    said = [{"name": f"Name {each}", "deactivated": each} for each in times]

    answers = crowd.ask(camp, [("PUT", path, each) for each in said], known)

    assert statuses(answers) == [200] + [412] * (MANY - 1)


@pytest.mark.parametrize("turn", range(5))
def test_who_knows_a_state_changes_no_later_one_among_many_who_do_not_ask(
    camp: Camp, crowd: Crowd, turn: int
) -> None:
    camp.make(1)
    known = {"if-match": camp.ask("GET", "groups/1").headers["etag"]}
    said = [("PUT", "groups/1", {"name": f"Name {number}"}) for number in range(MANY)]

    # Clients take turns at the two servers, so each server gets both kinds.
    answers = crowd.ask(camp, said, known, known, {}, {})

    asking = [each for each in answers if "if-match" in each.request.headers]
    others = [each for each in answers if "if-match" not in each.request.headers]
    assert statuses(others) == [200] * (MANY // 2)
    assert statuses(asking)[1:] == [412] * (MANY // 2 - 1)


@pytest.mark.parametrize("turn", range(3))
def test_who_deactivates_at_once_deactivates_once(camp: Camp, crowd: Crowd, turn: int) -> None:
    camp.make(1)
    made = camp.register(70, 1)
    before = position(camp.service)

    answers = crowd.ask(camp, [("DELETE", where(made), {})])

    assert statuses(answers) == [204] * MANY
    assert position(camp.service) - before == 2
