"""The OpenAPI 3.1 document, derived from schemas and routes, and its page."""

from collections.abc import Iterator
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flask import Flask, Response, jsonify
from flask_smorest import Api
from flask_swagger_ui import get_swaggerui_blueprint
from werkzeug.routing import IntegerConverter

from receiver.errors import PROBLEM, ProblemSchema
from receiver.openapi_parts import (
    AS_OF,
    DESCRIPTION,
    REQUEST_HEADERS,
    SCHEMES,
    SECURITY,
    add_conditions,
)
from receiver.paths import TextConverter
from receiver.webhook_description import describe_events

GUARDED = (400, 401, 403, 404)
CHANGING = (400, 408, 413, 415, 422)
BY_METHOD = {
    "get": (),
    "post": (*CHANGING, 409),
    "patch": CHANGING,
    "put": (*CHANGING, 409),
    "delete": (),
}


class IdConverter(IntegerConverter):
    """An id in a path: up to 16 digits, so that it fits every database's integers."""

    regex = "[0-9]{1,16}"


class ProblemApi(Api):
    """An API whose errors are the problem documents of receiver.errors."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Register nothing: receiver.errors handles all errors."""


def make_api(app: Flask) -> Api:
    """Return an API without blueprints; registering one adds its routes to the document."""
    app.config.update(
        API_TITLE="kitledger", API_VERSION=version("kitledger"), OPENAPI_VERSION="3.1.0"
    )
    app.url_map.converters |= {"id": IdConverter, "text": TextConverter}
    api = ProblemApi(app, spec_kwargs={"info": {"description": DESCRIPTION}})
    api.register_converter(IdConverter, lambda _: {"type": "integer", "minimum": 0})
    for name, scheme in SCHEMES.items():
        api.spec.components.security_scheme(name, scheme)
    for name, (schema, described) in AS_OF.items():
        api.spec.components.parameter(name, "query", {"schema": schema, "description": described})
    for name, description in REQUEST_HEADERS.items():
        parameter = {"schema": {"type": "string"}, "description": description}
        api.spec.components.parameter(name, "header", parameter)
    return api


def serve(app: Flask, api: Api, prefix: str) -> None:
    """Serve the document at /openapi.json, and its page at /docs without assets of other hosts.

    `prefix` is what a proxy takes off their paths.
    """
    describe_events(api.spec)
    document = complete(api.spec.to_dict())
    if prefix:
        document["servers"] = [{"url": prefix}]
    app.add_url_rule("/openapi.json", "openapi", lambda: _document(document))
    page = get_swaggerui_blueprint(
        f"{prefix}/docs",
        f"{prefix}/openapi.json",
        config={"app_name": "kitledger", "validatorUrl": None},
    )
    app.register_blueprint(page, url_prefix="/docs")


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Add refusals, headers and credentials to all routes."""
    for path, method, operation in _operations(document):
        guarded = operation.setdefault("security", SECURITY) == SECURITY
        responses = operation["responses"]
        responses.pop("default", None)
        codes = (503, *BY_METHOD[method], *(GUARDED if guarded else ()))
        for code in map(str, codes):
            responses.setdefault(code, {})
        if path.startswith("/api/"):
            add_conditions(method, operation)
        for code, response in responses.items():
            if code >= "400":
                responses[code] = _problem(int(code), response)
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in BY_METHOD:
                yield path, method, operation


def _problem(code: int, response: dict[str, Any]) -> dict[str, Any]:
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    described = response.get("description") or HTTPStatus(code).phrase
    return {"description": described, "content": content}


def _document(document: dict[str, Any]) -> Response:
    return jsonify(document)
