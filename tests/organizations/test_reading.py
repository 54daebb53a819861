"""Reads show every write acknowledged before, in pages, with ETags that are the state's own."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.harness.service import Service
from tests.organizations.camp import PATIENT, PROVIDER, Camp, expect, where
from tests.receiver.examples import pages, position

LISTS = ["groups/{root}/registrations", "groups/1/registrations", "profiles/70/registrations"]
EVERYTHING = ["groups", "groups/1", *LISTS, "{made}"]


@pytest.fixture
def listed(camp: Camp) -> list[int]:
    """Make registrations of one profile to two groups, one below the other, and return their ids."""
    camp.make(1)
    camp.make(2, parentID=1)
    made = [camp.register(70, group, kind) for group in (2, 1) for kind in (PATIENT, PROVIDER)]
    camp.deactivate(made[0])
    return [each["id"] for each in [*made, camp.register(70, 2)]]


def made_in(camp: Camp) -> Any:
    """Make a group and a registration to it."""
    camp.make(1)
    return camp.register(70, 1)


def test_what_one_process_acknowledged_every_other_shows(camp: Camp, neighbour: Service) -> None:
    there = camp.through(neighbour)
    for turn in range(5):
        group = 1 + turn
        camp.make(group, name=f"{turn}")
        assert there.get(f"groups/{group}")["name"] == f"{turn}"
        made = there.register(70, group)
        assert camp.get(where(made)) == made
        assert camp.below(group) == [made["id"]]
        changed = camp.change(made, type=PROVIDER)
        assert there.get("groups/{root}/registrations")[-1] == changed
        there.deactivate(made)
        assert camp.get("profiles/70/registrations")[-1]["deactivated"]
        there.change_group(group, name="Renamed", parentID=max(1, group - 1) if turn else camp.root)
        assert camp.get(where(made))["groupName"] == "Renamed"
        assert len(camp.below(1)) == turn + 1


def test_writers_who_read_at_once_what_they_wrote_find_it(camp: Camp, neighbour: Service) -> None:
    camp.make(1)
    there = camp.through(neighbour)

    def write_and_read(profile: int) -> bool:
        made = camp.register(profile, 1)
        return made in there.get(f"profiles/{profile}/registrations") and made["id"] in there.below(
            1
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(write_and_read, range(20)))


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6, 1000])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_list_is_read_page_by_page_to_its_end(
    camp: Camp, listed: list[int], path: str, limit: int, slash: str
) -> None:
    found = pages(camp.service, camp.path(path + slash), limit=limit)

    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert 0 < len(found[-1]) <= limit
    assert [each["id"] for page in found for each in page] == listed
    assert [each for page in found for each in page] == camp.get(path)


def test_a_page_goes_on_where_the_last_one_ended_whatever_happens_meanwhile(
    camp: Camp, listed: list[int]
) -> None:
    path = camp.path("groups/1/registrations")
    first = camp.service.get(path, params={"limit": 2})
    camp.change_group(2, name="Elsewhere", parentID=camp.root)
    newest = camp.register(71, 1)["id"]

    second = camp.service.get(first.links["next"]["url"])

    assert [each["id"] for each in first.json()] == listed[:2]
    assert [each["id"] for each in second.json()] == [listed[2], listed[3]]
    rest = camp.service.get(second.links["next"]["url"])
    assert [each["id"] for each in rest.json()] == [newest]


def test_a_hundred_are_a_page_unless_another_limit_is_asked_for(camp: Camp) -> None:
    camp.make(1)
    for profile in range(101):
        camp.register(profile, 1)
    for path in LISTS[:2]:
        assert [len(page) for page in pages(camp.service, camp.path(path))] == [100, 1]
        assert len(camp.get(f"{path}?limit=1000")) == 101


@pytest.mark.parametrize("path", EVERYTHING)
def test_what_has_not_changed_is_not_sent_again(camp: Camp, path: str) -> None:
    path = path.replace("{made}", where(made_in(camp)))
    etag = camp.ask("GET", path).headers["etag"]
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        answer = expect(camp.ask("GET", path, headers={"if-none-match": known}), 304)
        assert answer.content == b""
        assert answer.headers["etag"] == etag
    assert camp.ask("GET", path, headers={"if-none-match": '"other"'}).status_code == 200

    camp.change_group(1, name="Renamed")

    answer = expect(camp.ask("GET", path, headers={"if-none-match": etag}), 200)
    assert answer.headers["etag"] != etag


def test_a_full_last_page_changes_its_etag_when_there_is_a_next_one(camp: Camp) -> None:
    made_in(camp)
    path = "groups/1/registrations?limit=1"
    before = camp.ask("GET", path)
    camp.register(71, 1)
    after = camp.ask("GET", path)
    assert before.text == after.text
    assert before.headers["etag"] != after.headers["etag"]


def test_what_a_write_answers_is_what_a_read_shows(camp: Camp) -> None:
    def same(answer: httpx.Response, path: str) -> None:
        shown = expect(camp.ask("GET", path), 200)
        assert answer.text == shown.text
        assert answer.headers["etag"] == shown.headers["etag"]
        assert answer.headers["content-type"] == shown.headers["content-type"] == "application/json"

    same(camp.put_group(1, name="One", groupIdentifier="one"), "groups/1")
    same(camp.put_group(1, name="Uno"), "groups/1")
    new = camp.ask("POST", "profiles/70/registrations", {"groupID": 1, "type": PATIENT})
    path = where(new.json())
    same(new, path)
    for said in (
        {"type": PROVIDER},
        {"deactivated": "2018-01-01 23:32:47.123456"},
        {},
        {"deactivated": None},
    ):
        same(camp.ask("PUT", path, said), path)


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_new_registration_says_where_it_is(camp: Camp, slash: str) -> None:
    camp.make(1)
    body = {"groupID": 1, "type": PATIENT}
    new = expect(camp.ask("POST", f"profiles/70/registrations{slash}", body), 201)
    assert camp.service.get(new.headers["location"]).json() == new.json()


@pytest.mark.parametrize("path", ["groups/1", "{made}"])
@pytest.mark.parametrize("spelled", ["{etag}", "*", '"other", {etag}'])
def test_who_knows_the_state_may_change_it(camp: Camp, path: str, spelled: str) -> None:
    path = path.replace("{made}", where(made_in(camp)))
    etag = camp.ask("GET", path).headers["etag"]
    known = {"if-match": spelled.format(etag=etag)}

    changed = expect(camp.ask("PUT", path, {"name": "New", "type": PROVIDER}, headers=known), 200)

    if path != "groups/1":
        now = {"if-match": spelled.format(etag=changed.headers["etag"])}
        deleted = expect(camp.ask("DELETE", path, headers=now), 204)
        assert "content-type" not in deleted.headers


@pytest.mark.parametrize("gone", [True, False])
def test_a_registration_put_as_it_is_shown_stays_as_it_is(camp: Camp, gone: bool) -> None:
    made = made_in(camp)
    if gone:
        camp.deactivate(made)
    seen = camp.ask("GET", where(made))
    before = position(camp.service)

    again = expect(camp.put(made, **seen.json()), 200)

    assert (again.json(), again.headers["etag"]) == (seen.json(), seen.headers["etag"])
    assert position(camp.service) == before
