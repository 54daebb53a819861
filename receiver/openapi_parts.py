"""The parts of the OpenAPI document that neither schemas nor routes define."""

from typing import Any

from domain.limits import LARGEST_ID

HEADERS = {
    "ETag": ("Changes when the answer does.", "string"),
    "Ledger-Lag": (
        "How many events behind the ledger this answer is, or `unknown`; absent when none.",
        "string",
    ),
    "Ledger-Position": (
        "The position as of which this is the answer; absent unless `as_of` or `as_of_position` asks.",
        "string",
    ),
    "Link": ('The next page, if there is one: <…>; rel="next".', "string"),
}
LOCATION = {"Location": ("The path of what was made.", "string")}
REQUEST_HEADERS = {
    "If-Match": "ETags, or `*`: a write is answered 412 unless the thing exists with one of them.",
    "If-None-Match": "ETags, or `*`: a read of a thing with one of them is answered 304, a write 412.",
    "Change-Reason": "Why, in up to 500 characters: UTF-8, or percent-encoded. It is kept with the change.",
}
PRECONDITIONS = ("If-Match", "If-None-Match")
AS_OF = {
    "as_of": (
        {"type": "string", "examples": ["2017-11-24T10:00:00Z"]},
        "Answer as it was when all had been recorded that was recorded until this time, and no more."
        " ISO 8601 or YYYY-MM-DD HH:MM:SS, naive means UTC.",
    ),
    "as_of_position": (
        {"type": "integer", "minimum": 0, "maximum": LARGEST_ID},
        "Answer as it was when this was the ledger's last position; such an answer never changes.",
    ),
}
DESCRIPTION = """Receives the webhooks of labs into an append-only event store, and answers reads of
kits, reports and registrations. A read sees every write that was acknowledged before it was asked;
when it can't within 2 s, `Ledger-Lag` says how many events behind it is, or `unknown` while the ledger
itself can't be reached. A read takes `as_of` or `as_of_position`, and answers as it would have then:
pages go on as of the same position, which `Ledger-Position` names. Histories, the log and deliveries are
read from the ledger itself, and never lag. Paths work with and without the
trailing slash. A query parameter that a route does not know is answered 400."""
SECURITY: list[dict[str, list[str]]] = [{"basic": []}, {"bearer": []}]
SCHEMES = {
    "basic": {"type": "http", "scheme": "basic", "description": "A client's id and key."},
    "webhook-signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks: signed with `webhook-id` and `webhook-timestamp`; or the"
        " header of the source's own hmac-sha256 scheme.",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "A client's key."},
}


def add_as_of(operation: dict[str, Any]) -> None:
    """Add the parameters of a read as of a position or a time."""
    operation["parameters"] = [*operation.get("parameters", []), *AS_OF]


def add_conditions(method: str, operation: dict[str, Any]) -> None:
    """Add the preconditions and the reason of a request to a resource, and the headers of its answers."""
    reads, responses = method == "get", operation["responses"]
    names = [name for name in PRECONDITIONS if not reads or name == "If-None-Match"]
    names += [] if reads else ["Change-Reason"]
    conditions = [{"$ref": f"#/components/parameters/{name}"} for name in names]
    operation["parameters"] = [*operation.get("parameters", []), *conditions]
    responses["304" if reads else "412"] = {"description": "Unchanged"} if reads else {}
    for code in {"200", "201", "304"} & responses.keys():
        shown = HEADERS if reads else {"ETag": HEADERS["ETag"]}
        responses[code]["headers"] = _headers(shown | (LOCATION if code == "201" else {}))


def _headers(headers: dict[str, tuple[str, str]]) -> dict[str, Any]:
    return {
        name: {"description": description, "schema": {"type": kind}}
        for name, (description, kind) in headers.items()
    }
