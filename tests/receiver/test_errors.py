"""Every refusal is a problem document; every answer has the id of its request."""

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from receiver import create_app
from receiver.settings import Settings
from tests.harness.service import Service
from tests.receiver.examples import Fresh, kit_event, note, problem

REGISTRATIONS = "/api/v1/kit-registrations/"
ONE_BYTE_TOO_MUCH = 1024 * 1024 + 1


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        "/api/v1/",
        "/api/v2/kits/",
        "//api/v1/kits",
        "/%00",
        "/webhooks/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_what_does_not_exist_is_not_found(service: Service, method: str, path: str) -> None:
    problem(service.request(method, path, json={}), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/webhooks/lab", {"GET", "HEAD", "POST"}),
        ("DELETE", "/api/v1/events/", {"GET", "HEAD"}),
        ("POST", "/api/v1/kits/", {"GET", "HEAD"}),
        ("PATCH", "/api/v1/kits/X/", {"GET", "HEAD"}),
        ("PUT", REGISTRATIONS, {"GET", "HEAD", "POST"}),
        ("DELETE", f"{REGISTRATIONS}1/", {"GET", "HEAD", "PATCH"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
        ("BREW", "/api/v1/reports/", {"GET", "HEAD"}),
    ],
)
def test_a_method_that_is_not_allowed_says_which_are(
    service: Service, method: str, path: str, allowed: set[str]
) -> None:
    answer = service.request(method, path)

    problem(answer, 405)
    assert set(re.split(", *", answer.headers["allow"])) - {"OPTIONS"} == allowed


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"customer": NaN}', "application/json", 400),
        (b'{"customer": 1e999}', "application/json", 400),
        (b'{"customer": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"customer=70", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b"[]", "application/json", 422),
        (b'"x"', "application/json", 422),
        (b" " * ONE_BYTE_TOO_MUCH, "application/json", 413),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_body_that_can_not_be_used_is_refused(
    service: Service, method: str, content: bytes, content_type: str, status: int
) -> None:
    made = service.post(REGISTRATIONS, {"customer": 71, "kit": "71"}).json()
    path = REGISTRATIONS if method == "POST" else f"{REGISTRATIONS}{made['id']}/"

    answer = service.request(method, path, content=content, headers={"Content-Type": content_type})

    problem(answer, status)


def test_a_chunked_body_too_large_is_refused_whole(service: Service, fresh: Fresh) -> None:
    whole = json.dumps({"customer": fresh(), "kit": f"CHUNK{fresh()}"}).encode()
    pieces = iter([whole, b" " * ONE_BYTE_TOO_MUCH])

    answer = service.request("POST", REGISTRATIONS, content=pieces)

    problem(answer, 413)


def test_bad_fields_are_named_with_their_messages(service: Service) -> None:
    refusal = problem(service.post(REGISTRATIONS, {"customer": "x", "verification_date": 5}), 422)

    assert set(refusal["errors"]) == {"customer", "kit", "verification_date"}
    assert all(type(text) is str for texts in refusal["errors"].values() for text in texts)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abc-123", True),
        ("7", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("with blank", False),
        ("tab\tinside", False),
        ("é".encode(), False),
        ("", False),
        (None, False),
    ],
    ids=str,
)
def test_every_answer_carries_the_id_of_its_request(
    service: Service, given: Any, kept: bool
) -> None:
    headers = {} if given is None else {"X-Request-Id": given}

    for path in ("/healthz", "/nothing", "/api/v1/kits/", "/openapi.json"):
        carried = service.get(path, headers=headers).headers["x-request-id"]
        assert (carried == given) is kept
        assert re.fullmatch(r"[\x21-\x7e]{1,128}", carried)


def test_ids_that_are_given_here_differ(service: Service) -> None:
    ids = {service.get("/healthz").headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20


def test_the_log_has_a_line_for_a_request_with_its_id_and_without_its_body(
    service: Service, fresh: Fresh
) -> None:
    secret = f"WHISPERED{fresh()}"

    answer = service.post_webhook(kit_event(fresh(), secret, reason="in confidence"))

    wanted = answer.headers["x-request-id"]
    lines = [line for line in service.log_lines() if line.get("request_id") == wanted]
    assert [(line["path"], line["status"]) for line in lines] == [("/webhooks/lab", 202)]
    assert secret not in service.log()
    assert "in confidence" not in service.log()


def test_what_nobody_thought_of_is_logged_and_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"DATABASE_URL": f"sqlite:///{tmp_path}/ledger.db"}
    app = create_app(Settings.from_environment(files))
    app.add_url_rule("/trap", view_func=lambda: {}["hidden"])

    answer = app.test_client().get("/trap", headers={"X-Request-Id": "trapped"})

    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert "hidden" not in answer.text
    assert answer.headers["X-Request-Id"] == "trapped"
    logged = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["request_id"] for line in logged if "hidden" in line.get("exception", "")]


@pytest.mark.parametrize(
    "head",
    [
        b"POST /webhooks/lab HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /webhooks/lab HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST /webhooks/lab HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        b"POST /webhooks/lab HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"POST /webhooks/lab HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /api/v1/kits/%ZZ/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v1/kits/?limit=%FF HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v1/kits/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://x:y:z/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        b"\r\n\r\n\r\n",
    ],
    ids=lambda head: str(head)[2:60],
)
def test_bytes_that_are_hardly_http_are_the_caller_s_fault(service: Service, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()

    assert re.match(rb"HTTP/1.1 4\d\d |$", answer)


def test_a_body_that_breaks_off_keeps_nothing_and_fails_nobody(
    service: Service, fresh: Fresh
) -> None:
    logged = len(service.log_lines())
    body = json.dumps(note(fresh())).encode()
    lines = [f"{name}: {value}" for name, value in service.signed(body).items()]
    head = "\r\n".join(["POST /webhooks/lab HTTP/1.1", "Host: x", *lines])
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:-5])
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()

    assert re.match(rb"HTTP/1.1 4\d\d |$", answer)
    assert service.post_webhook(body).json()["status"] == "recorded"
    assert "unexpected" not in [line.get("event") for line in service.log_lines()[logged:]]
