"""The OpenAPI 3.1 document, from the schemas and routes themselves, and the page that shows it."""

from collections.abc import Iterator
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flask import Flask, Response, jsonify
from flask_smorest import Api
from flask_swagger_ui import get_swaggerui_blueprint
from werkzeug.routing import IntegerConverter, Map

from receiver.errors import PROBLEM, ProblemSchema
from receiver.fields import LARGEST_ID

DESCRIPTION = """Receives the webhooks of labs into an append-only event store, and answers reads of
kits, reports and registrations. A read sees every write that was acknowledged before it was asked;
when it can't within 2 s, `Ledger-Lag` says how many events behind it is. Paths work with and without
the trailing slash."""
SECURITY: list[dict[str, list[str]]] = [{"basic": []}, {"bearer": []}]
SCHEMES = {
    "basic": {"type": "http", "scheme": "basic", "description": "A client's id and key."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "A client's key."},
}
ALWAYS = (413, 500, 503)
GUARDED = (401, 403)
BY_METHOD = {
    "get": (),
    "post": (409, 415),
    "patch": (400, 415),
    "put": (400, 409, 415),
    "delete": (409,),
}
HEADERS = {
    "ETag": ("Changes when the answer does.", "string"),
    "Ledger-Lag": (
        "How many events behind the ledger this answer is; absent when none.",
        "integer",
    ),
    "Link": ('The next page, if there is one: <…>; rel="next".', "string"),
}


class IdConverter(IntegerConverter):
    """An id in a path: up to 16 digits, and no more than 2^53 - 1."""

    regex = "[0-9]{1,16}"

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST_ID)


class ProblemApi(Api):
    """An API whose errors are problem documents, made in receiver.errors alone."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Leave errors to receiver.errors."""


def make_api(app: Flask) -> Api:
    """Prepare the document; the blueprints that are registered with it describe themselves."""
    app.config.update(
        API_TITLE="kitledger", API_VERSION=version("kitledger"), OPENAPI_VERSION="3.1.0"
    )
    app.url_map.converters["id"] = IdConverter
    api = ProblemApi(app, spec_kwargs={"info": {"description": DESCRIPTION}})
    api.register_converter(IdConverter, lambda _: {"type": "integer", "minimum": 0})
    for name, scheme in SCHEMES.items():
        api.spec.components.security_scheme(name, scheme)
    return api


def serve(app: Flask, api: Api) -> None:
    """Serve the document at /openapi.json and its page at /docs, with assets of our own host."""
    document = complete(api.spec.to_dict())
    app.add_url_rule("/openapi.json", "openapi", lambda: _document(document))
    page = get_swaggerui_blueprint("/docs", "/openapi.json", config={"app_name": "kitledger"})
    app.register_blueprint(page)


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Add what every route has in common: refusals, headers, and the credentials it needs."""
    for method, operation in _operations(document):
        guarded = operation.setdefault("security", SECURITY) != []
        responses = operation["responses"]
        responses.pop("default", None)
        codes = (*ALWAYS, *(GUARDED if guarded else ()), *(BY_METHOD[method] if guarded else ()))
        codes += (404,) if operation.get("parameters") or "{" in operation["x-path"] else ()
        for code in map(str, codes):
            responses.setdefault(code, {})
        if method == "get" and guarded:
            responses["200"]["headers"] = _headers(HEADERS)
            responses["304"] = {"description": "Unchanged", "headers": _headers(HEADERS)}
        for code, response in responses.items():
            if code >= "400":
                responses[code] = _problem(int(code), response)
        del operation["x-path"]
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in BY_METHOD:
                operation["x-path"] = path
                yield method, operation


def _problem(code: int, response: dict[str, Any]) -> dict[str, Any]:
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    described = response.get("description") or HTTPStatus(code).phrase
    return {"description": described, "content": content}


def _headers(headers: dict[str, tuple[str, str]]) -> dict[str, Any]:
    return {
        name: {"description": description, "schema": {"type": kind}}
        for name, (description, kind) in headers.items()
    }


def _document(document: dict[str, Any]) -> Response:
    return jsonify(document)
