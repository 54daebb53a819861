"""kitledger send: a signed webhook in one line, and what it says when it is refused."""

import json
import re

import pytest

from tests.harness.service import Service
from tests.receiver.examples import Fresh


def send(service: Service, *arguments: str, check: bool = True, given: str | None = None) -> str:
    """Send to a service; return what was printed, on standard error too."""
    done = service.here("send", *arguments, "--url", service.url, check=check, given=given)
    assert done.exit_code == (0 if check else 1), done.output
    return done.output


def test_one_line_announces_a_kit(service: Service, fresh: Fresh) -> None:
    barcode = f"UL{fresh()}"
    said = ("--data", f"kit.barcode={barcode}", "--data", "kit.status=KIT_SHIPPED")
    printed = send(service, "lab", "kit.created", *said)
    assert re.search(r"^POST http.*/webhooks/lab$", printed, re.MULTILINE)
    assert re.search(r"^202 ", printed, re.MULTILINE)
    assert service.get(f"/api/v1/kits/{barcode}/").json()["status"] == "KIT_SHIPPED"
    assert service.secrets["lab"] not in printed


def test_values_may_be_json(service: Service, name: str, fresh: Fresh) -> None:
    service.add_source(name)
    send(service, name, "sampled", "-d", "a.n:=5", "-d", "a.list:=[1]", "-d", "b=5")
    [event] = service.get(f"/api/v1/events/?source={name}").json()
    assert event["data"] == {"a": {"n": 5, "list": [1]}, "b": "5"}


def test_a_story_is_a_kits_whole_life(service: Service, fresh: Fresh) -> None:
    barcode = f"UL{fresh()}"
    printed = send(service, "lab", "--story", "kit", "--data", f"kit.barcode={barcode}")
    assert len(re.findall(r"^202 ", printed, re.MULTILINE)) == 4
    assert service.get(f"/api/v1/kits/{barcode}/").json()["status"] == "KIT_PROCESSING"


def test_a_whole_body_may_come_from_standard_input(service: Service, fresh: Fresh) -> None:
    event_id = fresh()
    body = json.dumps({"id": event_id, "type": "sampled", "data": {}})
    assert f'"id": {event_id}' in send(service, "lab", "--file", "-", given=body)


@pytest.mark.parametrize(
    "preset", ["standard-webhooks", "cloudevents", "github", "shopify", "stripe", "slack"]
)
def test_a_source_of_any_preset_is_sent_as_its_sender_does(
    service: Service, name: str, preset: str, fresh: Fresh
) -> None:
    service.add_source(name, "--preset", preset)
    barcode = f"UL{fresh()}"
    said = ("--data", f"kit.barcode={barcode}", "--data", "kit.status=KIT_SHIPPED")
    send(service, name, "kit.created", *said, "--id", f"id-{barcode}")
    [event] = service.get(f"/api/v1/events/?source={name}").json()
    assert (event["id"], event["type"]) == (f"id-{barcode}", "kit.created")
    assert service.get(f"/api/v1/kits/{barcode}/").json()["status"] == "KIT_SHIPPED"


@pytest.mark.one_store
def test_an_id_is_an_integer_only_if_it_is_written_as_one(service: Service, name: str) -> None:
    service.add_source(name, "--preset", "stripe")
    for given in ("0012", "12", "\u0663"):
        send(service, name, "sampled", "--id", given)
    events = service.get(f"/api/v1/events/?source={name}").json()
    assert [event["id"] for event in events] == [12, "0012", "\u0663"]


@pytest.mark.one_store
def test_what_fits_neither_body_nor_header_is_told(service: Service, name: str) -> None:
    service.add_source(name, "--preset", "github")
    for given in ("\u0663", " 5", "5\nx: y"):
        printed = send(service, name, "sampled", "--id", given, check=False)
        assert "a header carries printable ASCII alone" in printed.splitlines()[-1]
    inside = f"{name}-inside"
    places = ("--id-from", "body:/a/id", "--type-from", "body:/type", "--data-from", "body:")
    service.add_source(inside, *places)
    printed = send(service, inside, "sampled", "--data", "a=1", check=False)
    assert "the data leaves no room for body:/a/id" in printed.splitlines()[-1]


def test_it_explains_what_was_signed(service: Service) -> None:
    printed = send(service, "lab", "sampled", "--explain")
    assert re.search(
        r"^signed: HMAC by sha256 in base64 of msg_\w+\.\d+\.<\d+ bytes of body>$", printed, re.M
    )


def test_a_wrong_secret_is_named(service: Service) -> None:
    wrong = f"whsec_{'A' * 43}="
    printed = send(service, "lab", "sampled", "--secret", wrong, check=False)
    assert printed.splitlines()[-1].endswith(
        "is this secret one of the source's live keys at that server?"
    )
    assert wrong not in printed


def test_nobody_there_is_one_line(service: Service) -> None:
    done = service.here("send", "lab", "sampled", "--url", "http://127.0.0.1:9", check=False)
    assert done.exit_code == 1
    assert "nobody answers there" in done.output.splitlines()[-1]


@pytest.mark.one_store
@pytest.mark.parametrize(
    "arguments",
    [
        ("lab",),
        ("lab", "sampled", "--preset", "github"),
        ("lab", "--story", "kit", "--id", "5"),
        ("lab", "--story", "kit", "--created-at", "2030-01-31T12:00:00Z"),
        ("lab", "--file", "-", "--data", "a=1"),
        ("lab", "sampled", "--url", "http://["),
        ("lab", "sampled", "--url", "http://x:port"),
        ("lab", "sampled", "--url", "http://x:99999"),
        ("lab", "sampled", "--url", "http://"),
        ("lab", "sampled", "--story", "kit"),
        ("lab", "sampled", "--data", "x"),
        ("lab", "sampled", "--data", "a=1", "--data", "a.b=2"),
        ("lab", "sampled", "--data", "a=1", "--data", "a=2"),
        ("lab", "sampled", "--data", "a:={"),
        ("lab", "sampled", "--url", "ftp://x"),
    ],
)
def test_a_wrong_use_is_told(service: Service, arguments: tuple[str, ...]) -> None:
    assert service.here("send", *arguments, check=False).exit_code == 2


def test_a_source_that_is_not_there_is_told(service: Service) -> None:
    assert "there is no source nobody" in send(service, "nobody", "sampled", check=False)


def test_a_secret_of_another_form_is_told(service: Service) -> None:
    printed = send(service, "lab", "sampled", "--secret", "no secret", check=False)
    assert printed.splitlines()[-1] == "Error: the secret starts with neither whsec_ nor whpk_"
