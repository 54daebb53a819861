"""The OpenAPI document, and the page that shows it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from receiver import create_app
from receiver.settings import Settings

EXTERNAL = re.compile(
    r"""(?:src|href|url|Url)["']?\s*[=:(]\s*["']?(?:https?:)?//(?!127\.0\.0\.1)"""
)
ROUTES: dict[str, set[str]] = {
    "/webhooks/{source}": {"post"},
    "/api/v1/events/": {"get"},
    "/api/v1/kits/": {"get"},
    "/api/v1/kits/{barcode}/": {"get"},
    "/api/v1/reports/": {"get"},
    "/api/v1/reports/{report_id}/": {"get"},
    "/api/v1/kit-registrations/": {"get", "post"},
    "/api/v1/kit-registrations/{registration_id}/": {"get", "patch"},
    "/api/v1/customer-kit-registrations/": {"get", "post"},
    "/api/v1/customer-kit-registrations/{registration_id}/": {"get", "patch"},
    "/api/v1/kits/{barcode}/history/": {"get"},
    "/api/v1/reports/{report_id}/history/": {"get"},
    "/api/v1/kit-registrations/{registration_id}/history/": {"get"},
    "/api/v1/customer-kit-registrations/{registration_id}/history/": {"get"},
    "/api/v1/sources/{name}/history/": {"get"},
    "/api/v1/clients/{client_id}/history/": {"get"},
    "/api/v1/audit/log/": {"get"},
    "/api/v1/audit/deliveries/{position}/": {"get"},
    "/healthz": {"get"},
    "/readyz": {"get"},
    "/metrics": {"get"},
}


@pytest.fixture(scope="module")
def visitor() -> Iterator[httpx.Client]:
    """Give somebody who reads what needs no database: the same whichever there is."""
    app = create_app(Settings.from_environment({}))
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://127.0.0.1") as made:
        yield made


@pytest.fixture(scope="module")
def document(visitor: httpx.Client) -> Any:
    answer = visitor.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def test_the_document_is_openapi_3_1(document: Any) -> None:
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"]["title"] == "kitledger"


@pytest.mark.parametrize(("path", "methods"), ROUTES.items(), ids=ROUTES)
def test_every_route_of_the_contract_is_described(
    document: Any, path: str, methods: set[str]
) -> None:
    described = document["paths"][path]

    assert methods <= set(described)
    for method in methods:
        assert described[method]["summary"]
        assert any(code.startswith("2") for code in described[method]["responses"])


def test_every_refusal_that_is_described_is_a_problem_document(document: Any) -> None:
    refusals = [
        response
        for path, methods in ROUTES.items()
        for method in methods
        for code, response in document["paths"][path][method]["responses"].items()
        if code >= "400"
    ]
    assert len(refusals) > len(ROUTES)
    assert [r for r in refusals if list(r.get("content", {})) != ["application/problem+json"]] == []


def test_every_write_is_described_with_its_preconditions_and_where_what_it_made_is(
    document: Any,
) -> None:
    writes = [
        operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if path.startswith("/api/") and method in {"post", "put", "patch", "delete"}
    ]
    assert len(writes) > 6
    for write in writes:
        named = [each.get("$ref", "").rpartition("/")[2] for each in write["parameters"]]
        assert {"If-Match", "If-None-Match"} <= set(named), write["summary"]
        assert "412" in write["responses"]
        assert "Location" in write["responses"].get("201", {"headers": ["Location"]})["headers"]


def test_every_reference_in_the_document_leads_somewhere(document: Any) -> None:
    references = re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))
    assert references
    for reference in references:
        place = document
        for step in reference.split("/"):
            place = place[step]
        assert place


def test_every_schema_has_a_name_of_its_own(document: Any) -> None:
    # Two schemas of one name are told apart by a number, which says nothing to a reader.
    assert [name for name in document["components"]["schemas"] if name[-1].isdigit()] == []


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_the_page_shows_our_document(visitor: httpx.Client, path: str) -> None:
    page = visitor.get(path)

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "/openapi.json" in page.text


def test_the_page_and_its_assets_come_from_here_alone(visitor: httpx.Client) -> None:
    page = visitor.get("/docs/").text
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert any(asset.endswith(".js") for asset in assets)
    assert any(asset.endswith(".css") for asset in assets)
    assert not EXTERNAL.search(page)
    for asset in assets:
        answer = visitor.get(asset)
        assert (answer.status_code, asset[0]) == (200, "/"), asset
        if asset.endswith(".css"):
            assert not re.search(r"@import|url\(\s*[\"']?(?:https?:)?//", answer.text)


def test_the_page_asks_nobody_else_whether_the_document_is_valid(visitor: httpx.Client) -> None:
    # Left unset, Swagger UI shows a badge that validator.swagger.io draws.
    assert '"validatorUrl": null' in visitor.get("/docs/").text
