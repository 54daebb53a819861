"""The blueprint of every resource."""

from collections.abc import Callable
from typing import Any

import flask_smorest
from marshmallow import Schema

from receiver.openapi_parts import add_as_of
from receiver.requests import StrictParser


class Blueprint(flask_smorest.Blueprint):
    """A blueprint with strict parsing of arguments."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._prepare_doc_cbks.append(_describe_as_of)

    def query(self, schema: type[Schema]) -> Callable[..., Any]:
        """Parse the query string by a schema; `access.requires` refuses other parameters."""
        parse = self.arguments(schema, location="query", error_status_code=400)

        def decorate(route: Callable[..., Any]) -> Any:
            parsed = parse(route)
            fields = schema().fields.items()
            parsed.parameters = sorted(each.data_key or name for name, each in fields)
            return parsed

        return decorate


def answers_options_itself(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view of a path for which another view answers OPTIONS: Flask would do it by itself."""
    view.provide_automatic_options = False  # type: ignore[attr-defined]
    return view


def _describe_as_of(operation: dict[str, Any], info: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the parameters of routes that answer as of a position; see access.requires."""
    if info.get("as_of"):
        add_as_of(operation)
    return operation
