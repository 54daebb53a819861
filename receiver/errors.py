"""Mapping exceptions to answers, here alone: problem documents (RFC 9457), never a traceback."""

from http import HTTPStatus
from typing import Any

import structlog
from eventsourcing.persistence import MapperDeserialisationError
from flask import Flask, Response, current_app, json
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from domain import errors
from receiver.schemas import flatten
from store.errors import UNAVAILABLE

RETRY_AFTER_SECONDS = 1
BY_FIELD = "some fields can't be used; see errors"
PROBLEM = "application/problem+json"
REFUSALS: dict[type[errors.Refusal], int] = {
    errors.NotFound: 404,
    errors.KitOfAnotherCustomer: 409,
    errors.QuarantineClosed: 409,
    errors.StillRefused: 409,
    errors.WouldReplace: 409,
    errors.AlreadyRegistered: 409,
    errors.IdentifierTaken: 409,
    errors.InvalidField: 422,
}


class Overloaded(Exception):
    """The deliveries that wait to be stored exceed this process's memory limit."""


class ProblemSchema(Schema):
    """A problem document. Source: RFC 9457."""

    type = fields.String(required=True, metadata={"example": "about:blank"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "By field."},
    )
    id = fields.Integer(metadata={"description": "The id of the event that was refused."})
    quarantine = fields.Integer(metadata={"description": "Where the refused bytes are kept."})


def document(status: int, detail: str, **more: Any) -> dict[str, Any]:
    """Return the members of a problem document."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **{name: value for name, value in more.items() if value is not None},
    }


def problem(status: int, detail: str, **more: Any) -> Response:
    """Answer with a problem document; `more` are extension members, left out when None."""
    body = json.dumps(document(status, detail, **more))
    response = current_app.response_class(body, status, content_type=PROBLEM)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def register(app: Flask) -> None:
    """Register a handler for every exception that a request can raise."""
    app.register_error_handler(errors.Refusal, _refused)
    app.register_error_handler(HTTPException, _http)
    for each in UNAVAILABLE:
        app.register_error_handler(each, _unavailable)
    app.register_error_handler(MapperDeserialisationError, _unreadable)
    app.register_error_handler(Overloaded, lambda error: problem(503, str(error)))
    app.register_error_handler(Exception, _unexpected)


def _refused(error: errors.Refusal) -> Response:
    status = next(REFUSALS[each] for each in type(error).__mro__ if each in REFUSALS)
    if isinstance(error, errors.InvalidField):
        return problem(status, BY_FIELD, errors={error.field: [str(error)]})
    return problem(status, str(error))


def _http(error: HTTPException) -> Response:
    # webargs puts the messages of a schema into the exception's `data`.
    data = getattr(error, "data", None) or {}
    by_field = {}
    for messages in (data.get("messages") or {}).values():
        by_field.update(flatten(messages))
    status = error.code or 500
    detail = error.description or HTTPStatus(status).phrase
    if by_field:
        detail = BY_FIELD
    response = problem(status, detail, errors=by_field or None)
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    return response


def _unavailable(error: Exception) -> Response:
    structlog.get_logger().error("store-unavailable", error=str(error.__cause__ or error))
    return problem(503, "the store can't be reached or written just now; try again")


def _unreadable(error: Exception) -> Response:
    structlog.get_logger().error("event-unreadable", error=str(error))
    return problem(
        503, "this version can't read an event of it, which a later one may have recorded"
    )


def _unexpected(error: Exception) -> Response:
    structlog.get_logger().exception("unexpected", error=type(error).__name__)
    return problem(500, "something went wrong here, not with you; the log has it by its request id")
