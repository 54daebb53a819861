"""Any mapping and any JSON body: what is recorded is what the mapping says, and nothing fails."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.event_ids import is_event_id
from domain.locations import parse
from tests.harness.effort import effort
from tests.harness.service import Service

NAMES = st.sampled_from(["id", "type", "a/b", "m~n", "", "0", "1", "é"])
HEADER_NAMES = ("x-id", "x-type", "x-other")
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["kit.updated", "ping", "2026-01-05T12:00:00Z", "1767614400", "\x00", ""])
    | st.text(max_size=9)
)
BODIES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4)
)
POINTERS = st.lists(NAMES, max_size=2).map(
    lambda steps: (
        "body:" + "".join(f"/{each.replace('~', '~0').replace('/', '~1')}" for each in steps)
    )
)
ANYWHERE = POINTERS | st.sampled_from([f"header:{name}" for name in HEADER_NAMES])
MAPPINGS = st.fixed_dictionaries(
    {"id": ANYWHERE, "type": ANYWHERE, "time": ANYWHERE, "data": ANYWHERE}
)
HEADERS = st.dictionaries(
    st.sampled_from(HEADER_NAMES), st.text("aé1 .-:", min_size=1, max_size=9).map(str.strip)
)


def found(where: str, headers: dict[str, str], body: Any) -> Any:
    try:
        return parse(where).find(headers, body)
    except LookupError:
        return None


@given(mapping=MAPPINGS, body=BODIES, headers=HEADERS)
@settings(max_examples=effort(25, 100), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_recorded_is_what_the_mapping_says(
    service: Service,
    fresh: Callable[[], int],
    mapping: dict[str, str],
    body: Any,
    headers: dict[str, str],
) -> None:
    name = f"mapped-{fresh()}"
    options = [word for part, where in mapping.items() for word in (f"--{part}-from", where)]
    service.add_source(name, *options)
    encoded = {each: value.encode("latin-1") for each, value in headers.items() if value}
    sent = {each: value.decode("latin-1") for each, value in encoded.items()}

    answer = service.post_webhook(json.dumps(body).encode(), name, **encoded)

    assert answer.status_code in {202, 422}
    single = not (isinstance(body, list) and mapping["id"].startswith("body:"))
    bodies = [body] if single else body
    results = [answer.json()] if single else answer.json()["results"]
    recorded = [each for each, result in zip(bodies, results, strict=True) if "position" in result]
    listed = service.get(f"/api/v1/events/?source={name}").json()
    said = {}
    for each in recorded:
        event_id = found(mapping["id"], sent, each)
        assert is_event_id(event_id)
        values = (found(mapping["type"], sent, each), found(mapping["data"], sent, each))
        said.setdefault(json.dumps(event_id), values)
    shown = {json.dumps(each["id"]): (each["type"], each["data"]) for each in listed}
    assert shown == said
