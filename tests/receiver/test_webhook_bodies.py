"""What was signed but can't be recorded is refused, and kept in quarantine; what is no webhook is not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from receiver.strict_json import DEEPEST
from tests.harness.service import Service
from tests.receiver.examples import Fresh, held, kit_event, note, position, problem, report_event

LIMIT = 1024 * 1024
MARK = '{"id": 1, "type": "note.added", "data": {"x": %s}}'

BOM = b"\xef\xbb\xbf"
NOT_JSON = {
    "nothing": b"",
    "a blank": b" ",
    "half": b'{"id": 1, "type": "note.added", "data": {',
    "two": b'{"id": 1, "type": "note.added", "data": {}} {}',
    "a trailing comma": b'{"id": 1, "type": "note.added", "data": {},}',
    "NaN": (MARK % "NaN").encode(),
    "Infinity": (MARK % "-Infinity").encode(),
    "1e400": (MARK % "1e400").encode(),
    "5000 digits": (MARK % ("9" * 5000)).encode(),
    "deep nesting": (MARK % ("[" * 100_000 + "]" * 100_000)).encode(),
    "one level too many": (MARK % ("[" * (DEEPEST - 1) + "]" * (DEEPEST - 1))).encode(),
    "deep nesting that never ends": b"[" * 200_000,
    "Latin-1": (MARK % '"é"').encode("latin-1"),
    "UTF-16": (MARK % "1").encode("utf-16"),
    "two byte order marks": BOM * 2 + (MARK % "1").encode(),
    "a byte order mark alone": BOM,
    "a byte order mark within": (MARK % "1").encode().replace(b":", b":" + BOM, 1),
    "a raw newline in a string": (MARK % '"a\nb"').encode(),
    "a form": b"id=1&type=note.added",
}

INVALID: dict[str, tuple[Any, set[str]]] = {
    "null": (None, {"body"}),
    "a string": ("id", {"body"}),
    "nothing in it": ({}, {"id", "type", "data"}),
    "id as text": (note("1"), {"id"}),
    "id as a fraction": (note(1.5), {"id"}),
    "id as 1.0": (note(1.0), {"id"}),
    "id true": (note(True), {"id"}),
    "id null": (note(None), {"id"}),
    "id negative": (note(-1), {"id"}),
    "id beyond 53 bits": (note(2**53), {"id"}),
    "id with 400 digits": (note(10**400), {"id"}),
    "type empty": (note(1, type=""), {"type"}),
    "type too long": (note(1, type="x" * 1000), {"type"}),
    "type a number": (note(1, type=7), {"type"}),
    "type half a surrogate": (note(1, type="\ud800"), {"type"}),
    "type with NUL": (note(1, type="note\0"), {"type"}),
    "data null": (note(1, data=None), {"data"}),
    "data a list": (note(1, data=[]), {"data"}),
    "created_at no date": (note(1, created_at="yesterday"), {"created_at"}),
    "created_at impossible": (note(1, created_at="2017-02-30 10:00:00"), {"created_at"}),
    "created_at a number": (note(1, created_at=1511517600), {"created_at"}),
    "created_at before year 1": (note(1, created_at="0001-01-01T00:00:00+01:00"), {"created_at"}),
    "created_at of a kit no date": ({**kit_event(1, "K"), "created_at": "soon"}, {"created_at"}),
    "no kit": ({**kit_event(1, "K"), "data": {}}, {"data.kit"}),
    "kit null": ({**kit_event(1, "K"), "data": {"kit": None}}, {"data.kit"}),
    "kit a list": ({**kit_event(1, "K"), "data": {"kit": []}}, {"data.kit"}),
    "kit empty": (
        {**kit_event(1, "K"), "data": {"kit": {}}},
        {"data.kit.barcode", "data.kit.status"},
    ),
    "kit.created too": ({**kit_event(1, ""), "type": "kit.created"}, {"data.kit.barcode"}),
    "barcode a number": (kit_event(1, 42345), {"data.kit.barcode"}),
    "barcode half a surrogate": (kit_event(1, "\udfff"), {"data.kit.barcode"}),
    "status in small letters": (kit_event(1, "K", "shipped"), {"data.kit.status"}),
    "status with a newline": (kit_event(1, "K", "KIT_SHIPPED\n"), {"data.kit.status"}),
    "status too long": (kit_event(1, "K", "X" * 65), {"data.kit.status"}),
    "shipment as text": (kit_event(1, "K", shipment_id="2344"), {"data.kit.shipment_id"}),
    "shipment too large": (kit_event(1, "K", shipment_id=2**63), {"data.kit.shipment_id"}),
    "reason a number": (kit_event(1, "K", reason=1), {"data.kit.reason"}),
    "reason half a surrogate": (kit_event(1, "K", reason="\ud83d"), {"data.kit.reason"}),
    "report id as text": (report_event(1, "1012"), {"data.report.id"}),
    "report id missing": (
        {**report_event(1, 1), "data": {"report": {"status": "AVAILABLE"}}},
        {"data.report.id"},
    ),
    "report status missing": (
        {**report_event(1, 1), "data": {"report": {"id": 1}}},
        {"data.report.status"},
    ),
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_signed_but_not_json_is_put_into_quarantine(service: Service, body: bytes) -> None:
    before = position(service)

    refusal = problem(service.post_webhook(body), 400)

    assert refusal["quarantine"] == before + 1
    assert position(service) == before + 1


@pytest.mark.parametrize(("event", "fields"), INVALID.values(), ids=INVALID)
def test_what_breaks_a_schema_is_put_into_quarantine_with_its_fields_named(
    service: Service, event: Any, fields: set[str]
) -> None:
    before = position(service)

    refusal = problem(service.post_webhook(event), 422)

    assert set(refusal["errors"]) == fields
    assert all(messages for messages in refusal["errors"].values())
    assert refusal["quarantine"] == before + 1


def test_quarantine_keeps_the_bytes_the_reason_and_the_fields(
    service: Service, fresh: Fresh
) -> None:
    event = kit_event(fresh(), f"KEPT{fresh()}", "lost")

    refusal = problem(service.post_webhook(event), 422)

    kept = held(service, refusal)
    assert kept["body"] == json.dumps(event)
    assert (kept["reason"], kept["state"], kept["source"]) == ("invalid", "held", "lab")
    assert kept["event_id"] == event["id"]
    assert kept["errors"] == refusal["errors"]


def test_the_same_unfit_bytes_again_are_held_once(service: Service) -> None:
    first = problem(service.post_webhook(b"not json, twice"), 400)
    before = position(service)

    again = problem(service.post_webhook(b"not json, twice"), 400)

    assert again["quarantine"] == first["quarantine"]
    assert position(service) == before


def test_text_beyond_ascii_is_taken_as_it_is(service: Service, fresh: Fresh) -> None:
    event = kit_event(fresh(), f"Ünïcödé-😀-{fresh()}", reason="Zu wenig DNS\nin der Probe: 😀\t")

    assert service.post_webhook(json.dumps(event, ensure_ascii=False).encode()).status_code == 202

    kit = service.get(f"/api/v1/kits/{event['data']['kit']['barcode']}/").json()
    assert kit["reason"] == event["data"]["kit"]["reason"]


def test_a_byte_order_mark_is_skipped_in_reading_and_kept_in_the_bytes(
    service: Service, fresh: Fresh
) -> None:
    one, two, three = (kit_event(fresh(), f"BOM{fresh()}", data=1) for _ in range(3))
    unknown = note(fresh(), type=f"note.bom.{fresh()}", data={"a": 1})
    for body in (one, [two, three], unknown):
        content = BOM + json.dumps(body).encode()
        assert service.post_webhook(content).status_code == 202

    assert service.post_webhook(json.dumps(one).encode()).json()["status"] == "duplicate"
    for event in (one, two, three):
        path = f"/api/v1/kits/{event['data']['kit']['barcode']}/"
        assert service.get(path).json()["status"] == "KIT_SHIPPED"
    (listed,) = service.get("/api/v1/events/", params={"type": unknown["type"]}).json()
    assert listed["data"] == {"a": 1}
    invalid = problem(service.post_webhook(BOM + json.dumps({**one, "data": {}}).encode()), 422)
    assert held(service, invalid)["body"].startswith("\ufeff{")


def test_the_deepest_nesting_is_taken(service: Service, fresh: Fresh) -> None:
    nested = b"[" * (DEEPEST - 2) + b"]" * (DEEPEST - 2)
    body = b'{"id": %d, "type": "note.deep", "data": {"x": %s}}' % (fresh(), nested)

    assert service.post_webhook(body).status_code == 202


@pytest.mark.parametrize("largest", [0, 2**53 - 1])
def test_ids_from_nought_to_53_bits_are_taken(service: Service, largest: int) -> None:
    service.add_source(f"bounds-{largest}")

    answer = service.post_webhook(note(largest), source=f"bounds-{largest}")

    assert (answer.status_code, answer.json()["id"]) == (202, largest)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 202),
        ("application/json; charset=utf-8", 202),
        ("application/cloudevents+json", 202),
        (None, 202),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/xml", 415),
    ],
)
def test_webhooks_are_json_by_their_content_type(
    service: Service, fresh: Fresh, content_type: str | None, status: int
) -> None:
    before = position(service)

    answer = service.post_webhook(note(fresh()), content_type=content_type)

    assert answer.status_code == status, answer.text
    assert (position(service) > before) == (status == 202)


def padded(event: Any, size: int) -> bytes:
    return json.dumps(event).encode().ljust(size)


def in_chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 100_000):
        yield body[start : start + 100_000]


@pytest.mark.parametrize("content", [bytes, in_chunks], ids=["with its length", "in chunks"])
@pytest.mark.parametrize(
    ("size", "status"), [(LIMIT, 202), (LIMIT + 1, 413), (3 * LIMIT, 413), (20 * LIMIT, 413)]
)
def test_a_body_is_read_whole_or_refused(
    service: Service, fresh: Fresh, content: Any, size: int, status: int
) -> None:
    body = padded(note(fresh()), size)
    before = position(service)

    answer = service.anonymous(
        "POST", "/webhooks/lab", content=content(body), headers=service.signed(body)
    )

    assert answer.status_code == status
    assert (position(service) > before) == (status == 202)


def test_a_chunked_body_is_never_cut_short_to_what_was_signed(
    service: Service, fresh: Fresh
) -> None:
    whole = padded(note(fresh()), LIMIT)
    before = position(service)

    answer = service.anonymous(
        "POST", "/webhooks/lab", content=in_chunks(whole + b"!"), headers=service.signed(whole)
    )

    problem(answer, 413)
    assert position(service) == before
