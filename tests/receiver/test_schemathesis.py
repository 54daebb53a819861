"""The running service against its own OpenAPI document: no 500, and no answer that is not described."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import ignored_auth

from tests.harness.effort import effort
from tests.harness.service import Service
from tests.harness.service_factory import ServiceFactory
from tests.receiver.examples import kit_event, report_event

# Dates and cursors are narrower than any JSON schema says, so what fits a schema may be refused.
EXCLUDED = "positive_data_acceptance"
METHODS = {"get", "post", "patch", "put", "delete", "options"}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def own_service(services: ServiceFactory, prepared: Service) -> Service:
    """Give a service with one thing of each kind, which may be filled with nonsense."""
    running = services.like(prepared).start()
    running.post_webhook([kit_event(1, "0"), report_event(2, 0)])
    running.post("/api/v1/kit-registrations/", {"customer": 0, "kit": "0"})
    return running


def unexpected(service: Service) -> list[str]:
    """Return what the service logged when it met something that it had not thought of."""
    return [line["exception"] for line in service.log_lines() if line.get("event") == "unexpected"]


@pytest.mark.one_store
def test_requests_made_from_the_document_are_answered_as_it_says(own_service: Service) -> None:
    options = ["--auth", ":".join(own_service.admin), "--exclude-checks", EXCLUDED]
    options += [
        "--max-examples",
        str(effort(1, 5)),
        "--seed",
        "1",
        "--no-color",
        "--warnings",
        "off",
    ]

    done = subprocess.run(
        [Path(sys.executable).with_name("st"), "run", f"{own_service.url}/openapi.json", *options],
        cwd=own_service.folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    paths = own_service.get("/openapi.json").json()["paths"]
    described = sum(method in METHODS for path in paths.values() for method in path)
    assert f"{described} selected / {described} total" in done.stdout
    assert unexpected(own_service) == []


IDS = st.integers(0, 20)
WORDS = st.sampled_from(["A", "KIT_SHIPPED"]) | st.text(max_size=3)
KITS = st.builds(kit_event, IDS, WORDS, WORDS, shipment_id=IDS | JSON, reason=WORDS | JSON)
REPORTS = st.builds(report_event, IDS, IDS | JSON, WORDS | JSON, reason=WORDS | JSON)
ENVELOPES = KITS | REPORTS | st.builds(dict.__or__, KITS, st.dictionaries(WORDS, JSON, max_size=2))
ODD = st.builds(lambda event, id_, data: {**event, "id": id_, "data": data}, KITS, IDS | JSON, JSON)
BODIES = ENVELOPES | ODD | JSON | st.lists(ENVELOPES | ODD | JSON, max_size=4)


@pytest.fixture(scope="module")
def webhook(own_service: Service) -> Any:
    document = schemathesis.openapi.from_url(f"{own_service.url}/openapi.json")
    return document["/webhooks/{source}"]["POST"]


@pytest.mark.one_store
@given(body=BODIES)
@settings(max_examples=effort(40, 150), deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_a_source_signs_is_answered_as_the_document_says(
    own_service: Service, webhook: Any, body: Any
) -> None:
    case = webhook.Case(path_parameters={"source": "lab"}, body=body)

    answer = own_service.post_webhook(body)

    # It tells by the schema's own credentials, which are not those of this signature.
    case.validate_response(answer, excluded_checks=[ignored_auth])
