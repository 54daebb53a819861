"""Any headers and any body to a source of CloudEvents: nothing fails, and what is recorded is listed."""

import json
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harness.effort import effort
from tests.harness.service import Service
from tests.receiver.examples import Fresh
from tests.receiver.test_mappings import BODIES

pytestmark = pytest.mark.one_store
TYPES = st.sampled_from(
    [
        "application/json",
        "application/cloudevents+json",
        "application/cloudevents-batch+json; charset=utf-8",
        "application/cloudevents+xml",
        "text/plain",
        "image/png",
        "",
    ]
)
NAMES = ("specversion", "id", "source", "type", "time", "sequence", "data", "data_base64")
VALUES = st.sampled_from(
    ["1.0", "1", "/lab", "kit.updated", "a%20b", '"a\\"b"', "%ff", "2026-01-05T12:00:00.123456789z"]
)
REQUIRED = {"specversion": "1.0", "id": "1", "source": "/lab", "type": "sampled"}
ATTRIBUTES = st.dictionaries(st.sampled_from(NAMES), VALUES).map(lambda given: REQUIRED | given)
EVENTS = st.dictionaries(st.sampled_from(NAMES), VALUES | BODIES).map(lambda each: REQUIRED | each)
SENT = (
    (EVENTS | st.lists(EVENTS | BODIES, max_size=3) | BODIES).map(lambda v: json.dumps(v).encode())
    | st.binary(max_size=9)
    | st.just(b"\xef\xbb\xbf{}")
)


@given(content_type=TYPES, attributes=ATTRIBUTES, body=SENT)
@settings(max_examples=effort(40, 300), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_fails_and_what_is_recorded_is_listed(
    service: Service, fresh: Fresh, content_type: str, attributes: dict[str, str], body: bytes
) -> None:
    name = f"broker-{fresh()}"
    service.add_source(name, "--preset", "cloudevents")
    headers = {f"ce-{each}": value for each, value in attributes.items()}
    answer = service.post_webhook(body, name, **{"content-type": content_type}, **headers)

    assert answer.status_code in {202, 400, 415, 422}, answer.text
    results: list[Any] = answer.json().get("results", [answer.json()])
    recorded = [each["id"] for each in results if each.get("status") == "recorded"]
    listed = service.get(f"/api/v1/events/?source={name}").json()
    assert sorted(each["id"] for each in listed) == sorted(recorded)
    if answer.status_code == 202 and "results" not in answer.json():
        structured = content_type.startswith("application/cloudevents")
        unquoted = attributes["id"].strip('"').replace("\\", "")
        assert recorded == [json.loads(body)["id"] if structured else unquote(unquoted)]
