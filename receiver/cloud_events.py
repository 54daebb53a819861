"""Reading CloudEvents 1.0 over HTTP: structured, batched, and binary.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from domain.aggregates.delivery import BASE64, DECODED, TEXT
from domain.messages import InvalidEnvelope, Message
from domain.receipt import VerifiedDelivery
from receiver import arrays, strict_json
from receiver.cloud_event_attributes import ENCODED, message
from receiver.mapped_envelopes import Errors
from receiver.signatures import Headers

STRUCTURED, BATCHED = "application/cloudevents+json", "application/cloudevents-batch+json"
CONTENT_TYPE, PREFIX = "content-type", "ce-"
FORMATS = "application/cloudevents"
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ESCAPED = re.compile(r"\\(.)")


def unread_type(mimetype: str) -> str | None:
    """Return why events of a Content-Type are not read; None if they are: data may be of any."""
    if mimetype in {STRUCTURED, BATCHED} or not mimetype.startswith(FORMATS):
        return None
    return f"CloudEvents are read as {STRUCTURED}, {BATCHED}, or binary"


def sent_headers(headers: Headers) -> dict[str, str]:
    """Return the headers that say something of an event, by lower-case names."""
    found = {CONTENT_TYPE: headers.get("Content-Type") or ""}
    if mimetype_of(found) not in {STRUCTURED, BATCHED}:
        sent = ((name.lower(), value) for name, value in headers.items())
        found.update(pair for pair in sent if pair[0].startswith(PREFIX))
    return found


def read(delivery: VerifiedDelivery) -> tuple[list[Message | InvalidEnvelope], bool]:
    """Return a message for each event of a delivery, and whether it was a batch; see envelopes.read."""
    headers = delivery.headers or {}
    mimetype = mimetype_of(headers)
    if mimetype in {STRUCTURED, BATCHED}:
        return arrays.read(delivery.body, _structured, array=mimetype == BATCHED)
    if _is_json(mimetype) and delivery.body:
        return arrays.read(
            delivery.body,
            lambda value, body: _binary(headers, value, body, "body:"),
            array=False,
        )
    return [_binary(headers, None, delivery.body, _opaque(mimetype, delivery.body))], False


def mimetype_of(headers: Mapping[str, str]) -> str:
    """Return the Content-Type without its parameters, in lower case."""
    return headers.get(CONTENT_TYPE, "").partition(";")[0].strip().lower()


def _is_json(mimetype: str) -> bool:
    return not mimetype or mimetype.endswith(("/json", "+json"))


def _opaque(mimetype: str, body: bytes) -> str:
    """Return how data that is no JSON is shown: text as text, other bytes in base64."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return BASE64
    return TEXT if mimetype.startswith("text/") or not body else BASE64


def _structured(value: Any, body: bytes) -> Message | InvalidEnvelope:
    if not isinstance(value, dict):
        return InvalidEnvelope(body, "invalid", {"body": ["A CloudEvent is an object."]})
    errors: Errors = {}
    data, data_from = value.get("data"), "body:/data"
    if (encoded := value.get("data_base64")) is not None:
        data_from = ENCODED
        if "data" in value:
            errors[ENCODED] = ["There is data already."]
        else:
            try:
                data, data_from = _in_base64(encoded, value.get("datacontenttype"))
            except (TypeError, ValueError):
                errors[ENCODED] = ["Must be base64."]
    return message(value, "body:/{}".format, errors, data, body=body, data_from=data_from)


def _in_base64(encoded: Any, content_type: Any) -> tuple[Any, str]:
    """Return data that is in base64, and its place: JSON as its value, else as it is.

    Raises TypeError and ValueError for what is no base64.
    """
    content = b64decode(encoded, validate=True)
    if _is_json(mimetype_of({CONTENT_TYPE: str(content_type or "")})):
        with suppress(ValueError):
            return strict_json.parse(strict_json.decode(content)), DECODED
    return encoded, ENCODED


def _binary(
    headers: Mapping[str, str], data: Any, body: bytes, data_from: str
) -> Message | InvalidEnvelope:
    errors: Errors = {}
    attributes = {}
    for name, value in headers.items():
        if name.startswith(PREFIX):
            try:
                attributes[name.removeprefix(PREFIX)] = _decoded(value)
            except UnicodeDecodeError:
                errors[f"header:{name}"] = ["Not percent-encoded UTF-8."]
    return message(
        attributes, f"header:{PREFIX}{{}}".format, errors, data, body=body, data_from=data_from
    )


def _decoded(value: str) -> str:
    """Decode a header's value: one in quotes, as earlier versions have them, and percent-encoding."""
    if _QUOTED.fullmatch(value):
        value = _ESCAPED.sub(r"\1", value[1:-1])
    return unquote(value, errors="strict")
