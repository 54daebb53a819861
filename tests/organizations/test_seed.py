"""The seed's requests, in its order and byte for byte, get the seed's answers."""

import json
import re
import socket
from base64 import b64encode
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from tests.harness.per_store import PerStore
from tests.harness.service import Service
from tests.organizations.camp import PROVIDER, Camp

SAMPLES = Path(__file__).parents[1] / "samples" / "registrations"
STEPS = sorted(file.stem for file in SAMPLES.glob("*.http"))
ORGANIZATION, PROFILE, SEED_ID = 21437, 12345, "1297612"
# What the seed's own header says, which a test below makes sure of.
CREDENTIALS = "12345", "5596af0a-1356-46d1-b217-2daa35c934f0"
STATUSES = {"03-register": 201, "04-register-by-identifier": 201, "08-deactivate": 204}
TIMES = ("created", "updated", "deactivated")
MILLIS = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")


@dataclass
class Answer:
    """What came back over the socket, and the id of the registration that was asked for."""

    status: int
    headers: dict[str, str]
    body: bytes
    asked: int

    @property
    def registrations(self) -> list[dict[str, Any]]:
        """Return the registrations in it."""
        said = json.loads(self.body)
        return said if isinstance(said, list) else [said]


@pytest.fixture(scope="module")
def seed_camp(service: Service, per_store: PerStore) -> Camp:
    """Give the seed's organization. Its ids can be taken once only in each service."""
    return per_store.once("seed camp", lambda: make_camp(service))


def make_camp(service: Service) -> Camp:
    """Make the seed's client, its organization, and what its first answer shows."""
    number, key = CREDENTIALS
    options = ("--id", number, "--key", key, "--organization", str(ORGANIZATION))
    assert service.add_client("reader", "registrar", options=options) == CREDENTIALS
    camp = Camp(service, ORGANIZATION)
    camp.make(name="Camp")
    camp.make(31258, name="Session 1", groupIdentifier="sessionOneIdentifier")
    camp.make(67890, name="Session 2", groupIdentifier="sessionTwoIdentifier")
    camp.make(67891, name="Session 3")
    camp.make(67892, name="Session 3")
    camp.register(PROFILE, 31258)
    camp.change(camp.register(12346, 31258), type=PROVIDER)
    return camp


def prepare(camp: Camp, step: str) -> None:
    """Bring about what one example of the seed takes for granted and another left otherwise."""
    mine = camp.get(f"profiles/{PROFILE}/registrations")
    match step:
        case "02-review-a-profile":
            camp.change_group(67892, name="Session 3", groupIdentifier="sessionThreeIdentifier")
            camp.change(mine[0], groupID=67890)
            camp.deactivate(camp.register(PROFILE, 67892, PROVIDER))
        case "03-register" | "04-register-by-identifier":
            for each in mine:
                camp.deactivate(each)
        case "06-modify":
            camp.change_group(67892, name="Session 3", groupIdentifier=None)
            camp.change_group(67891, name="Session 3", groupIdentifier="sessionThreeIdentifier")


@pytest.fixture(scope="module")
def story(service: Service, seed_camp: Camp, per_store: PerStore) -> dict[str, Answer]:
    """Give the answers to the seed's requests."""
    return per_store.once("seed story", lambda: tell(service, seed_camp))


def tell(service: Service, seed_camp: Camp) -> dict[str, Answer]:
    """Send every request in the seed's order; each is about the registration that was made last."""
    answers: dict[str, Answer] = {}
    made = 0
    for step in STEPS:
        prepare(seed_camp, step)
        answers[step] = send(service, written(step, made), made)
        if answers[step].status == 201:
            made = answers[step].registrations[0]["id"]
    return answers


def send(service: Service, request: bytes, asked: int = 0) -> Answer:
    """Send bytes over a socket of their own and read one answer."""
    with closing(socket.create_connection(("127.0.0.1", service.port), timeout=30)) as sent:
        sent.sendall(request)
        response = HTTPResponse(sent)
        response.begin()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, headers, response.read(), asked)


def written(step: str, registration: int) -> bytes:
    """Write a request as a client does: the sample's lines, and how long its body is if it has one."""
    text = (SAMPLES / f"{step}.http").read_text().removesuffix("\n")
    head, _, body = text.replace(SEED_ID, str(registration)).partition("\n\n")
    lines = [*head.split("\n"), *([f"Content-Length: {len(body)}"] if body else [])]
    return "\r\n".join([*lines, "", body]).encode()


def expected(step: str) -> list[dict[str, Any]]:
    """Return the registrations that the seed answers with."""
    said = json.loads((SAMPLES / f"{step}.json").read_text())
    return said if isinstance(said, list) else [said]


def apart_from_ids_and_times(registrations: list[dict[str, Any]]) -> str:
    """Write registrations with their fields in order, an id as its place and a time as its shape."""
    ids = sorted(each["id"] for each in registrations)
    return json.dumps(
        [{**each, "id": ids.index(each["id"])} | shapes(each) for each in registrations]
    )


def shapes(registration: dict[str, Any]) -> dict[str, str | None]:
    """Say of each time whether it is one, written as the seed does, or none."""
    told = {name: registration[name] for name in TIMES}
    return {name: MILLIS.sub("time", value) if value else value for name, value in told.items()}


@pytest.mark.parametrize("step", STEPS)
def test_a_sample_carries_the_credentials_of_the_seed(step: str) -> None:
    header = f"Authorization: Basic {b64encode(':'.join(CREDENTIALS).encode()).decode()}"
    assert header in (SAMPLES / f"{step}.http").read_text().splitlines()


@pytest.mark.parametrize("step", STEPS)
def test_a_request_of_the_seed_gets_the_status_of_the_seed(
    story: dict[str, Answer], step: str
) -> None:
    assert story[step].status == STATUSES.get(step, 200), story[step].body


@pytest.mark.parametrize("step", [step for step in STEPS if step != "08-deactivate"])
def test_a_request_of_the_seed_gets_the_answer_of_the_seed(
    story: dict[str, Answer], step: str
) -> None:
    answer = story[step]
    assert answer.headers["content-type"] == "application/json"
    assert type(json.loads(answer.body)) is type(json.loads((SAMPLES / f"{step}.json").read_text()))
    assert apart_from_ids_and_times(answer.registrations) == apart_from_ids_and_times(
        expected(step)
    )


@pytest.mark.parametrize("step", ["05-review-one", "06-modify", "09-reactivate"])
def test_an_answer_about_one_registration_has_the_id_that_was_asked_for(
    story: dict[str, Answer], step: str
) -> None:
    assert [each["id"] for each in story[step].registrations] == [story[step].asked]


def test_a_deactivation_answers_with_nothing(story: dict[str, Answer]) -> None:
    assert story["08-deactivate"].body == b""
    assert "content-length" not in story["08-deactivate"].headers


def test_the_times_of_the_answers_tell_the_story(story: dict[str, Answer]) -> None:
    made, moved, same, back = (
        story[step].registrations[0]
        for step in (
            "04-register-by-identifier",
            "06-modify",
            "07-modify-by-identifier",
            "09-reactivate",
        )
    )
    first, second = story["02-review-a-profile"].registrations
    assert made["created"] == made["updated"]
    assert made["created"] == moved["created"] == back["created"]
    assert made["updated"] < moved["updated"] == same["updated"] < back["updated"]
    assert first["created"] < second["created"] < second["updated"] == second["deactivated"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "groups/{root}/registrations", None, 200),
        ("GET", "profiles/70/registrations", None, 200),
        ("POST", "profiles/70/registrations", {"groupID": 1, "type": PROVIDER}, 201),
        ("GET", "profiles/70/registrations/{made}", None, 200),
        ("PUT", "profiles/70/registrations/{made}", {"type": PROVIDER}, 200),
        ("DELETE", "profiles/70/registrations/{made}", None, 204),
        ("GET", "groups", None, 200),
        ("GET", "groups/1", None, 200),
        ("PUT", "groups/1", {"name": "Session 1"}, 200),
        ("PUT", "groups/2", {"name": "Session 2"}, 201),
    ],
)
def test_every_route_works_with_a_trailing_slash_and_without_a_redirect(
    camp: Camp, method: str, path: str, body: Any, status: int
) -> None:
    camp.make(1)
    made = camp.register(70, 1)["id"]

    answer = camp.ask(method, path.replace("{made}", str(made)) + "/", body)

    assert answer.status_code == status, answer.text
    if method == "GET":
        assert answer.text == camp.ask("GET", path.replace("{made}", str(made))).text
