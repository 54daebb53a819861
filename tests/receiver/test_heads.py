"""Heads that the server itself refuses, and headers that decide nothing."""

import re

import pytest

from tests.harness.raw import Answer, answer, connect, head
from tests.harness.service import Service
from tests.receiver.examples import Fresh, note
from tests.receiver.test_health import total

pytestmark = pytest.mark.one_store
KITS = "/api/v1/kits/"

REFUSED = {
    "a field of 9 kB": (431, head(KITS, {"X-Long": "x" * 9_000})),
    "120 fields": (431, head(KITS, {f"X-{number}": number for number in range(120)})),
    "a path of 5 kB": (414, head("/" + "x" * 5_000)),
    "an expectation that nobody meets": (417, head(KITS, {"Expect": "a miracle"})),
    "a coding that nobody knows": (501, head(KITS, {"Transfer-Encoding": "morse"})),
    "two lengths": (400, head(KITS, {"Content-Length": 1, "content-length": 2})),
    "no method": (400, b"G\xcbT / HTTP/1.1\r\n\r\n"),
    "no version": (400, b"GET / HTTP/9.9\r\n\r\n"),
    "no HTTP": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n"),
}


def ask(service: Service, sent: bytes) -> Answer:
    with connect(service.port) as connection:
        connection.sendall(sent)
        return answer(connection)


@pytest.mark.parametrize(("status", "sent"), REFUSED.values(), ids=REFUSED)
def test_what_the_server_itself_refuses_is_a_problem_document_too(
    service: Service, status: int, sent: bytes
) -> None:
    counted = "kitledger_heads_refused_total"
    before = total(service, counted, status=str(status))

    refusal = ask(service, sent)

    assert total(service, counted, status=str(status)) == before + 1
    assert (refusal.status, refusal.headers["Connection"]) == (status, "close")
    assert refusal.headers["Content-Type"] == "application/problem+json"
    assert refusal.json()["status"] == status
    assert refusal.json()["title"]
    assert refusal.json()["detail"]
    request_id = refusal.headers["X-Request-Id"]
    assert re.fullmatch("[0-9a-f]{32}", request_id)
    [line] = [line for line in service.log_lines() if line.get("request_id") == request_id]
    assert (line["event"], line["status"], line["peer"]) == ("head-refused", status, "127.0.0.1")


def test_a_refusal_arrives_though_more_was_sent_than_is_read(service: Service) -> None:
    many = head(KITS, {"X-Long": "x" * 60_000})

    assert {ask(service, many).status for _ in range(10)} == {431}


@pytest.mark.parametrize("name", ["SCRIPT_NAME", "Script-Name", "PATH_INFO", "REMOTE_USER"])
def test_a_header_does_not_decide_where_the_service_is(service: Service, name: str) -> None:
    path = "/healthz"

    assert ask(service, head(path, {name: "/foo"}, method="GET")).json() == {"status": "alive"}


@pytest.mark.parametrize("expected", ["", "100-continue"])
def test_an_empty_expectation_is_none(service: Service, fresh: Fresh, expected: str) -> None:
    body = str(note(fresh())).replace("'", '"').encode()
    signed = {**service.signed(body), "Content-Length": len(body)}
    with connect(service.port) as connection:
        connection.sendall(head("/webhooks/lab", {"Expect": expected, **signed}))
        if expected:
            assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)

        assert answer(connection).status == 202


def test_an_empty_expectation_may_be_all_there_is(service: Service) -> None:
    assert ask(service, b"GET /healthz HTTP/1.1\r\nExpect:\r\n\r\n").status == 200
