"""Reviews of the log: who reviewed which positions, what was found, and what nobody has reviewed yet."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.reviews import Reviewed, unreviewed
from domain.times import to_seconds
from receiver.dates import utc_now
from tests.harness.service import Credentials, Service
from tests.organizations.camp import Camp
from tests.receiver.examples import Fresh, note, pages, position, problem

REVIEWS = "/api/v1/audit/reviews/"
LARGEST_ID = 2**53 - 1


@pytest.fixture
def auditor(service: Service) -> Credentials:
    """Give an auditor who has changed nothing."""
    return service.add_client("auditor")


def record(service: Service, first: int, last: int, **options: Any) -> dict[str, Any]:
    body = {"from": first, "to": last, "finding": "all as it should be"}
    answer = service.post(REVIEWS, body, **options)
    assert answer.status_code == 201, answer.text
    review: dict[str, Any] = answer.json()
    return review


def missing(service: Service, **options: Any) -> list[tuple[int, int]]:
    found = service.get(REVIEWS, **options).json()["unreviewed"]
    return [(each["from"], each["to"]) for each in found]


def test_a_review_says_who_reviewed_what_and_what_was_found(
    service: Service, fresh: Fresh, auditor: Credentials
) -> None:
    service.post_webhook(note(fresh()))
    head = position(service)
    finding = "A kit was shipped twice.\nIts lab was asked: «Žofie» knows."

    answer = service.post(
        REVIEWS,
        {"from": 1, "to": head, "finding": finding, "id": 9, "by": "nobody"},
        auth=auditor,
        headers={"Change-Reason": "the monthly review"},
    )

    review = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{REVIEWS}{review['id']}/"
    assert review["by"] == {"kind": "client", "id": int(auditor[0]), "name": "auditor"}
    assert (review["from"], review["to"], review["finding"]) == (1, head, finding)
    assert review["independent"] is True
    assert review["position"] > head
    assert service.get(answer.headers["location"]).json() == review
    assert review in service.get(REVIEWS, params={"limit": 1000}).json()["reviews"]
    [logged] = service.get("/api/v1/audit/log/", params={"by": f"client:{auditor[0]}"}).json()
    assert (logged["event"], logged["why"]) == ("Review.Recorded", "the monthly review")
    assert logged["request_id"] == answer.headers["x-request-id"]
    assert {"field": "to", "before": None, "after": head} in logged["changes"]
    assert logged["recorded_at"] == review["recorded_at"]


def test_who_reviews_their_own_changes_is_not_independent(service: Service, fresh: Fresh) -> None:
    client = service.add_client("auditor", "registrar")
    before = position(service)
    new = {"customer": fresh(), "kit": str(fresh())}
    assert service.post("/api/v1/kit-registrations/", new, auth=client).status_code == 201
    after = position(service)

    assert record(service, 1, before, auth=client)["independent"] is True
    assert record(service, before, after, auth=client)["independent"] is False
    assert record(service, after + 1, position(service), auth=client)["independent"] is True
    assert record(service, before, after, auth=service.add_client("auditor"))["independent"] is True


def test_what_nobody_reviewed_reaches_to_the_end_of_the_log(
    service: Service, fresh: Fresh, auditor: Credentials
) -> None:
    record(service, 1, position(service), auth=auditor)
    first = position(service)
    for _ in range(4):
        service.post_webhook(note(fresh()))
    assert missing(service) == [(first, position(service))]

    last = record(service, first + 1, first + 2, auth=auditor)["position"]

    assert missing(service) == [(first, first), (first + 3, last)]
    assert missing(service, params={"as_of_position": last - 1}) == [(first, last - 1)]


def test_reviews_come_in_pages_that_each_say_what_nobody_reviewed(
    service: Service, auditor: Credentials
) -> None:
    made = [record(service, 1, 1, auth=auditor) for _ in range(3)]
    whole = service.get(REVIEWS, params={"limit": 1000}).json()

    found = pages(service, REVIEWS, limit=2)

    assert [each for page in found for each in page["reviews"]] == whole["reviews"]
    assert whole["reviews"][-3:] == made
    assert {len(page["reviews"]) for page in found[:-1]} == {2}
    assert all(page["unreviewed"] == whole["unreviewed"] for page in found)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"from": 2, "to": 1}, "to"),
        ({"from": 0}, "from"),
        ({"from": -1}, "from"),
        ({"from": "1"}, "from"),
        ({"to": LARGEST_ID}, "to"),
        ({"to": 2**53}, "to"),
        ({"to": None}, "to"),
        ({"finding": ""}, "finding"),
        ({"finding": " \n"}, "finding"),
        ({"finding": "x" * 5001}, "finding"),
        ({"finding": "\0"}, "finding"),
        ({"finding": 7}, "finding"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_review_of_nothing_or_without_a_finding_is_refused(
    service: Service, change: dict[str, Any], field: str
) -> None:
    before = position(service)
    answer = service.post(REVIEWS, {"from": 1, "to": 1, "finding": "x" * 5000, **change})
    assert list(problem(answer, 422)["errors"]) == [field]
    assert position(service) == before


def test_reviews_are_for_auditors(service: Service) -> None:
    body = {"from": 1, "to": 1, "finding": "none"}
    for role in ("reader", "registrar"):
        client = service.add_client(role)
        problem(service.get(REVIEWS, auth=client), 403)
        problem(service.get(f"{REVIEWS}1/", auth=client), 403)
        problem(service.post(REVIEWS, body, auth=client), 403)
    problem(service.get(f"{REVIEWS}{LARGEST_ID}/"), 404)
    problem(service.post(REVIEWS, body, headers={"If-Match": "*"}), 412)


def test_an_auditor_of_an_organization_reviews_that_one_alone(
    service: Service, fresh: Fresh
) -> None:
    own, other = Camp(service, fresh()), Camp(service, fresh())
    bound = {}
    for camp in (own, other):
        camp.make(name="Camp")
        options = ("--organization", str(camp.root))
        bound[camp.root] = service.add_client("auditor", options=options)
    head, auditor = position(service), bound[own.root]
    unbound = missing(service)

    review = record(service, 1, head, auth=auditor)

    seen = service.get(REVIEWS, auth=auditor).json()
    assert seen["reviews"] == [review]
    assert seen["unreviewed"] == [{"from": head + 1, "to": review["position"]}]
    assert service.get(f"{REVIEWS}{review['id']}/", auth=auditor).json() == review
    assert review["organization"] == own.root
    log = service.get("/api/v1/audit/log/", auth=auditor).json()
    assert (log[-1]["event"], log[-1]["position"]) == ("Review.Recorded", review["position"])

    elsewhere = service.get(REVIEWS, auth=bound[other.root]).json()
    assert elsewhere == {"reviews": [], "unreviewed": [{"from": 1, "to": review["position"]}]}
    problem(service.get(f"{REVIEWS}{review['id']}/", auth=bound[other.root]), 404)
    *before, (first, _) = unbound
    assert missing(service) == [*before, (first, review["position"])]


@given(
    stretches=st.lists(st.tuples(st.integers(1, 20), st.integers(0, 6))), until=st.integers(0, 25)
)
def test_each_position_is_reviewed_or_named_as_not(
    stretches: list[tuple[int, int]], until: int
) -> None:
    now = to_seconds(utc_now())
    made = [
        Reviewed(number, first, min(first + more, until), "", None, now, number, True, None)
        for number, (first, more) in enumerate(stretches)
        if first <= until
    ]
    covered = {at for each in made for at in range(each.first, each.last + 1)}

    found = unreviewed(made, until=until, organization=None)

    named = [at for each in found for at in range(each.first, each.last + 1)]
    assert named == [at for at in range(1, until + 1) if at not in covered]
    assert all(each.first <= each.last for each in found)
    assert all(one.last + 1 < two.first for one, two in pairwise(found))
