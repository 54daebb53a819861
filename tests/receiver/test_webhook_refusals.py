"""What operators learn of refused webhooks: the reason of each, and where a bad signature came from."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.harness.raw import answer, connect, head
from tests.harness.service import Service
from tests.receiver.examples import Fresh, note
from tests.receiver.test_health import total

pytestmark = pytest.mark.one_store
MIB = 1024 * 1024
Send = Callable[[Service, bytes], int]


def send(service: Service, body: bytes, **headers: str) -> int:
    return post(service, body, **headers).status_code


def post(service: Service, body: bytes, **headers: str) -> httpx.Response:
    return service.anonymous("POST", "/webhooks/lab", content=body, headers=headers)


def signed_by_another(service: Service, body: bytes) -> int:
    return send(service, body, **service.signed(body + b" "))


def signed_long_ago(service: Service, body: bytes) -> int:
    return send(service, body, **service.signed(body, at=datetime.now(UTC) - timedelta(hours=1)))


def broken_off(service: Service, body: bytes) -> int:
    with connect(service.port) as connection:
        chunked = {"Transfer-Encoding": "chunked"}
        connection.sendall(head("/webhooks/lab", chunked) + b"no chunk\r\n")
        return answer(connection).status


def by_put(service: Service, _: bytes) -> int:
    return service.anonymous("PUT", "/webhooks/lab").status_code


def to_nobody(service: Service, body: bytes) -> int:
    return service.anonymous("POST", "/webhooks/invented", content=body).status_code


def to_a_retired_source(service: Service, body: bytes) -> int:
    name = f"gone-{hash(body)}"
    service.add_source(name)
    service.here("sources", "retire", name, "--yes")
    return service.post_webhook(body, source=name).status_code


REFUSED: dict[str, tuple[int, Send]] = {
    "wrong-key": (401, signed_by_another),
    "stale-timestamp": (401, signed_long_ago),
    "malformed-headers": (401, send),
    "too-large": (413, lambda service, body: send(service, body.ljust(2 * MIB))),
    "broken-body": (400, broken_off),
    "unknown-source": (404, to_nobody),
    "retired-source": (410, to_a_retired_source),
    "not-json-type": (
        415,
        lambda service, body: send(
            service, body, **service.signed(body), **{"Content-Type": "text/plain"}
        ),
    ),
    "wrong-method": (405, by_put),
    "empty": (202, lambda service, _: service.post_webhook([]).status_code),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_every_answer_is_counted_by_its_reason(service: Service, fresh: Fresh, reason: str) -> None:
    status, refused = REFUSED[reason]
    counted = "kitledger_webhooks_total"
    before, all_before = total(service, counted, outcome=reason), total(service, counted)

    assert refused(service, json.dumps(note(fresh())).encode()) == status

    assert total(service, counted, outcome=reason) == before + 1
    assert total(service, counted) == all_before + 1


def test_a_path_below_the_webhook_route_is_counted_as_an_unknown_source(service: Service) -> None:
    counted = "kitledger_webhooks_total"
    before = total(service, counted, outcome="unknown-source")

    assert service.anonymous("POST", "/webhooks/lab/kits", content=b"{}").status_code == 404
    assert service.anonymous("OPTIONS", "/webhooks/lab").status_code == 200

    assert total(service, counted, outcome="unknown-source") == before + 1


def test_a_bad_signature_is_logged_with_what_helps_to_find_its_sender(
    service: Service, fresh: Fresh
) -> None:
    body = json.dumps(note(fresh())).encode()
    old = service.signed(body, at=datetime.now(UTC) - timedelta(hours=1))

    refusal = post(service, body, **old, **{"User-Agent": "lab/1.0"})

    line = logged(service, refusal)
    assert line["level"] == "warning"
    assert line["peer"] == "127.0.0.1"
    assert line["webhook_id"] == old["webhook-id"]
    assert line["user_agent"] == "lab/1.0"
    assert 3599 <= line["skew_seconds"] <= 3660
    assert "too old" in line["reason"]


def test_claims_that_make_no_sense_are_logged_too(service: Service, fresh: Fresh) -> None:
    body = json.dumps(note(fresh())).encode()
    odd = {**service.signed(body), "webhook-id": "x" * 5000, "webhook-timestamp": "soon"}

    line = logged(service, post(service, body, **odd))

    assert (line["webhook_id"], line["skew_seconds"]) == ("x" * 256, None)


def logged(service: Service, refusal: httpx.Response) -> dict[str, Any]:
    """Return the warning that was logged for a request."""
    request_id = refusal.headers["x-request-id"]
    [line] = [
        line
        for line in service.log_lines()
        if line["event"] == "webhook-unverified" and line["request_id"] == request_id
    ]
    return line
