"""kitledger sources try: what would become of a webhook, with nothing recorded."""

import json
from typing import Any

from tests.harness.service import Service
from tests.receiver.examples import Fresh


def tried(
    service: Service, body: bytes, headers: dict[str, str], source: str = "lab"
) -> tuple[int, dict[str, Any]]:
    named = [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
    arguments = ("sources", "try", source, "--body", "-", *named, "--json")
    done = service.here(*arguments, check=False, given=body.decode())
    return done.exit_code, json.loads(done.stdout)


def sample(event_id: int, status: str = "KIT_SHIPPED") -> bytes:
    data = {"kit": {"barcode": f"T{event_id}", "status": status}}
    return json.dumps({"id": event_id, "type": "kit.updated", "data": data}).encode()


def test_a_webhook_that_would_be_recorded_is_not(service: Service, fresh: Fresh) -> None:
    event_id = fresh()
    body = sample(event_id)
    status, found = tried(service, body, service.signed(body))
    assert (status, found["accepted"]) == (0, True)
    [event] = found["events"]
    assert (event["outcome"], event["id"], event["concerns"]) == (
        "recorded",
        event_id,
        f"kit/T{event_id}",
    )
    assert service.get(f"/api/v1/kits/T{event_id}/").status_code == 404


def test_repeats_and_conflicts_are_told(service: Service, fresh: Fresh) -> None:
    event_id = fresh()
    service.post_webhook(sample(event_id))
    outcomes = []
    for body in (sample(event_id), sample(event_id, "KIT_LOST"), b"{", sample(event_id, "lost")):
        status, found = tried(service, body, service.signed(body))
        outcomes.append((status, found["events"][0]["outcome"]))
    assert outcomes == [(0, "duplicate"), (1, "conflict"), (1, "not-json"), (1, "invalid")]


def test_without_a_valid_signature_its_events_are_shown_all_the_same(
    service: Service, fresh: Fresh
) -> None:
    status, found = tried(service, sample(fresh()), {})
    assert (status, found["accepted"]) == (1, False)
    assert found["refused"] == "401, the signature is not valid: webhook-id is missing"
    assert found["events"][0]["outcome"] == "recorded"


def test_the_place_that_was_looked_at_is_named(service: Service, name: str) -> None:
    service.here("sources", "add", name, "--preset", "github")
    status, found = tried(service, b"{}", {"x-github-event": "ping"}, name)
    assert status == 1
    assert list(found["events"][0]["errors"]) == ["header:x-github-delivery"]


def test_what_is_refused_whatever_its_events_are_is_told(service: Service, name: str) -> None:
    service.here("sources", "add", name, "--preset", "github")
    _, found = tried(service, b"{}", {"Content-Type": "application/xml"}, name)
    assert found["refused"] == "webhooks are JSON: send Content-Type: application/json"
    service.here("sources", "retire", name, "--yes")
    _, found = tried(service, b"{}", {}, name)
    assert found["refused"] == "the source was retired"
    printed = service.here("sources", "try", name, "--body", "-", check=False, given="{}").stdout
    assert "refused: the source was retired" in printed


def test_svix_has_another_name_for_the_id(service: Service, name: str) -> None:
    service.here("sources", "add", name, "--preset", "standard-webhooks")
    _, found = tried(service, b'{"type": "a", "data": 1}', {"Svix-Id": "msg_1"}, name)
    assert found["events"][0]["id"] == "msg_1"


def test_for_people_it_prints_lines(service: Service, fresh: Fresh) -> None:
    body = sample(fresh()).decode()
    printed = service.here("sources", "try", "lab", "--body", "-", check=False, given=body).stdout
    assert printed.startswith("signature: not valid")
    assert "outcome: recorded" in printed


def test_what_is_no_header_is_a_wrong_use(service: Service) -> None:
    arguments = ("sources", "try", "lab", "--body", "-", "--header", "x")
    assert service.here(*arguments, check=False, given="{}").exit_code == 2
    unknown = service.here("sources", "try", "nobody", "--body", "-", check=False, given="{}")
    assert unknown.exit_code == 1


def test_slacks_verification_of_the_address_has_no_events(service: Service, name: str) -> None:
    service.here("sources", "add", name, "--preset", "slack")
    body = b'{"type": "url_verification", "challenge": "a"}'
    status, found = tried(service, body, {}, name)
    assert (status, found["events"]) == (1, [{"outcome": "handshake"}])
