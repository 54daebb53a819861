"""CloudEvents over HTTP, as their own library writes them: structured, binary and batched."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from tests.harness.service import Service
from tests.receiver.examples import Fresh

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
BATCH = "application/cloudevents-batch+json"


@pytest.fixture
def broker(service: Service, name: str) -> str:
    """Give a source of CloudEvents."""
    printed = service.here("sources", "add", name, "--preset", "cloudevents").stdout
    service.secrets[name] = printed.split()[-1]
    return name


def event(data: Any, event_type: str = "com.example.sampled", **attributes: Any) -> CloudEvent:
    required = {"id": str(uuid.uuid4()), "source": "/lab", "type": event_type, "time": AT}
    return CloudEvent({**required, "datacontenttype": "application/json", **attributes}, data)


def kit(barcode: str, status: str, **attributes: Any) -> CloudEvent:
    return event({"kit": {"barcode": barcode, "status": status}}, "kit.updated", **attributes)


def post(
    service: Service, source: str, body: bytes, headers: dict[str, str], **more: str
) -> httpx.Response:
    sent = {**headers, **service.signed(body, source), **more}
    return service.anonymous("POST", f"/webhooks/{source}", content=body, headers=sent)


def send(service: Service, source: str, sent: CloudEvent, mode: str) -> httpx.Response:
    message = (to_binary_event if mode == "binary" else to_structured_event)(sent)
    return post(service, source, message.body, dict(message.headers))


def listed(service: Service, source: str) -> Any:
    return service.get(f"/api/v1/events/?source={source}").json()


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_an_event_of_the_official_library_is_recorded(
    service: Service, broker: str, mode: str
) -> None:
    sent = event({"a": [1, "é"]}, comexampleextension="kept")
    recorded = send(service, broker, sent, mode)
    assert (recorded.status_code, recorded.json()["id"]) == (202, sent.get_id())
    assert listed(service, broker) == [
        {
            "id": sent.get_id(),
            "created_at": "2026-01-05 12:00:00",
            "type": "com.example.sampled",
            "data": {"a": [1, "é"]},
        }
    ]
    position = recorded.json()["position"]
    kept = service.get(f"/api/v1/audit/deliveries/{position}/").json()
    assert "kept" in json.dumps(kept)
    assert send(service, broker, sent, mode).json()["status"] == "duplicate"


def test_a_batch_is_an_array_of_events(service: Service, broker: str) -> None:
    sent = [event({"n": n}, id=f"{n}") for n in range(3)]
    body = b"[" + b",".join(bytes(to_structured_event(each).body) for each in sent) + b"]"
    answer = post(service, broker, body, {"Content-Type": BATCH})
    assert answer.status_code == 202
    assert [each["id"] for each in answer.json()["results"]] == [each.get_id() for each in sent]
    assert sorted(each["data"]["n"] for each in listed(service, broker)) == [0, 1, 2]


@pytest.mark.parametrize("mode", ["binary", "structured"])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_their_sequence_orders_what_is_said_of_a_kit(
    service: Service, broker: str, mode: str, order: tuple[int, ...], fresh: Fresh
) -> None:
    barcode, statuses = f"CE{fresh()}", ("KIT_SHIPPED", "KIT_RECEIVED", "KIT_PROCESSING")
    for n in order:
        attributes = {"sequence": str(n + 9), "sequencetype": "Integer"}
        send(service, broker, kit(barcode, statuses[n], **attributes), mode)
    assert service.get(f"/api/v1/kits/{barcode}/").json()["status"] == "KIT_PROCESSING"


def test_data_that_is_no_json_is_shown_as_text_or_in_base64(service: Service, broker: str) -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-source": "/lab",
        "ce-type": "sampled",
        "ce-id": "%E2%82%AC 1",
    }
    text = post(service, broker, "é".encode(), headers | {"Content-Type": "text/plain"})
    assert text.json()["id"] == "€ 1"
    post(service, broker, b"\xff\x00", headers | {"Content-Type": "image/png", "ce-id": "2"})
    post(service, broker, b"", headers | {"ce-id": "3"})
    assert [each["data"] for each in listed(service, broker)] == ["/wA=", None, "é"]


def test_events_of_two_producers_are_told_apart_by_their_source(
    service: Service, broker: str
) -> None:
    headers = dict(to_binary_event(event({"a": 1})).headers)
    answers = [
        post(service, broker, b"{}", headers | {"ce-source": source})
        for source in ("/lab", "/lab", "/shop")
    ]
    assert [each.status_code for each in answers] == [202, 200, 409]


def test_data_that_is_no_json_is_compared_as_bytes(service: Service, broker: str) -> None:
    headers = dict(to_binary_event(event({"a": 1})).headers) | {"content-type": "text/plain"}
    bodies = (b"1", b"1", b"1.0", b"[" * 100_000)
    answers = [post(service, broker, each, headers) for each in bodies]
    assert [each.status_code for each in answers] == [202, 200, 409, 409]


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"specversion": "0.3"}, {"body:/specversion": ["Must be 1.0."]}),
        ({"source": None}, {"body:/source": ["Missing data for required field."]}),
        ({"type": 1}, {"body:/type": ["Must be text of 1 to 128 printable characters."]}),
        (
            {"time": "noon"},
            {"body:/time": ["Must be an ISO 8601 date-time, or seconds since 1970."]},
        ),
        (
            {"type": "kit.updated", "data": {"kit": {"barcode": "A"}}},
            {"body:/data/kit/status": ["Missing data for required field."]},
        ),
        ({"data_base64": "AA=="}, {"body:/data_base64": ["There is data already."]}),
        (
            {"sequence": True},
            {"body:/sequence": ["Must be text of 1 to 255 printable characters."]},
        ),
    ],
)
def test_what_breaks_the_specification_is_held(
    service: Service, broker: str, changed: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    whole = json.loads(to_structured_event(event({"a": 1})).body)
    body = json.dumps(whole | changed).encode()
    answer = post(service, broker, body, {"Content-Type": "application/cloudevents+json"})
    assert (answer.status_code, answer.json()["errors"]) == (422, errors)


def test_a_value_in_quotes_is_understood_as_earlier_versions_write_it(
    service: Service, broker: str
) -> None:
    headers = dict(to_binary_event(event({"a": 1})).headers) | {"ce-id": r'"A \"b\" %25"'}
    assert post(service, broker, b"{}", headers).json()["id"] == 'A "b" %'


def test_bytes_that_are_no_utf_8_are_held_with_the_name_of_their_header(
    service: Service, broker: str
) -> None:
    headers = dict(to_binary_event(event({"a": 1})).headers) | {"ce-subject": "%C0%A0"}
    answer = post(service, broker, b"{}", headers)
    assert answer.json()["errors"] == {"header:ce-subject": ["Not percent-encoded UTF-8."]}


@pytest.mark.parametrize("base64", ["AA=", "€", 1])
def test_data_in_base64_is_checked(service: Service, broker: str, base64: Any) -> None:
    whole = json.loads(to_structured_event(event(b"\x00")).body)
    headers = {"Content-Type": "application/cloudevents+json; charset=UTF-8"}
    wrong = json.dumps(whole | {"data_base64": base64}).encode()
    answer = post(service, broker, wrong, headers)
    assert answer.json()["errors"] == {"body:/data_base64": ["Must be base64."]}
    post(service, broker, json.dumps(whole).encode(), headers)
    assert [each["data"] for each in listed(service, broker)] == ["AA=="]


def test_json_that_is_sent_as_bytes_is_read(service: Service, broker: str, fresh: Fresh) -> None:
    data = {"kit": {"barcode": f"CE{fresh()}", "status": "KIT_SHIPPED"}}
    sent = event(json.dumps(data).encode(), "kit.updated")
    assert b"data_base64" in bytes(to_structured_event(sent).body)
    assert send(service, broker, sent, "structured").status_code == 202
    assert send(service, broker, sent, "structured").json()["status"] == "duplicate"
    assert listed(service, broker)[0]["data"] == data
    assert service.get(f"/api/v1/kits/{data['kit']['barcode']}/").status_code == 200
    lacking = event(b"{}", "kit.updated")
    errors = send(service, broker, lacking, "structured").json()["errors"]
    assert list(errors) == ["body:/data_base64/kit"]


def test_a_format_that_is_not_read_is_refused(service: Service, broker: str) -> None:
    for mimetype in ("application/cloudevents+avro", "application/cloudevents-batch+xml"):
        answer = post(service, broker, b"{}", {"Content-Type": mimetype})
        assert answer.status_code == 415
        assert "application/cloudevents+json" in answer.json()["detail"]


def test_an_integer_is_no_id_of_a_cloud_event(service: Service, broker: str) -> None:
    whole = json.loads(to_structured_event(event({"a": 1})).body)
    body = json.dumps(whole | {"id": 3514}).encode()
    answer = post(service, broker, body, {"Content-Type": "application/cloudevents+json"})
    assert list(answer.json()["errors"]) == ["body:/id"]


def test_the_handshake_allows_who_asks(service: Service, broker: str) -> None:
    asked = {"WebHook-Request-Origin": "emitter.example.com", "WebHook-Request-Rate": "120"}
    answer = service.anonymous("OPTIONS", f"/webhooks/{broker}", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["webhook-allowed-origin"] == "emitter.example.com"
    assert answer.headers["webhook-allowed-rate"] == "120"
    assert "POST" in answer.headers["allow"]
    for rate in ("0", "fast", "9" * 5000):
        asked["WebHook-Request-Rate"] = rate
        answer = service.anonymous("OPTIONS", f"/webhooks/{broker}", headers=asked)
        assert answer.headers["webhook-allowed-rate"] == "*"
    other = service.anonymous("OPTIONS", "/webhooks/lab", headers=asked)
    assert "webhook-allowed-origin" not in other.headers
