"""One envelope of one source: recorded once, however often it is delivered."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from domain import json_pointers, locations
from domain.aggregate import Aggregate
from domain.event_ids import EventId
from domain.receipt import Receipt

TEXT, BASE64 = "text:", "base64:"
"""The data is the body itself, which is no JSON: as text, or in base64."""
DECODED = "decoded:/data_base64"
"""The data is JSON that the body holds in base64."""
Content = tuple[str, str | None, bool]
"""What an envelope says beside its body: its type, a header that counts, and whether the body is no JSON."""


def content(event_type: str, headers: Mapping[str, str] | None, data_from: str | None) -> Content:
    """Return what an envelope says beside its body.

    A header counts that holds the data; and CloudEvents tell equal ids apart by their source.
    """
    header = None
    if headers:
        header = headers.get((data_from or "").removeprefix("header:")) or headers.get("ce-source")
    return event_type, header, data_from in {TEXT, BASE64}


class Delivery(Aggregate):
    """One envelope, identified by its source and the event id that the source gave it."""

    category = "delivery"

    @dataclass(frozen=True, kw_only=True)
    class Recorded(Receipt):
        """A valid envelope was received for the first time; `observed` is the stream of its payload."""

        TOPIC: ClassVar[str] = "Delivery.Recorded"
        event_id: EventId
        type: str
        created_at: datetime
        observed: str | None
        data_from: str | None = None

        def data(self) -> Any:
            """Return the data: a JSON value, None where there is none.

            `data_from` is TEXT, BASE64, DECODED, or a location; None is `body:/data`.
            """
            if self.data_from == TEXT:
                return self.body.decode("utf-8", "replace") or None
            if self.data_from == BASE64:
                return b64encode(self.body).decode()
            if self.data_from == DECODED:
                return json.loads(b64decode(json.loads(self.body)["data_base64"]))
            location = locations.parse(self.data_from or "body:/data")
            try:
                return location.find(self.headers or {}, json.loads(self.body))
            except LookupError:
                return None

        def apply(self, aggregate: "Delivery") -> None:
            aggregate.current = self
            said = content(self.type, self.headers, self.data_from)
            aggregate.received.append((self.body, said))

    @dataclass(frozen=True, kw_only=True)
    class Replaced(Recorded):
        """An operator released a conflicting envelope, which replaces the recorded one."""

        TOPIC: ClassVar[str] = "Delivery.Replaced"

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.current: Delivery.Recorded | None = None
        self.received: list[tuple[bytes, Content]] = []

    def values(self) -> dict[str, Any]:
        """Return what its current envelope says, but for the data."""
        names = ("source", "event_id", "type", "created_at")
        return {name: getattr(self.current, name) for name in names} if self.current else {}

    @staticmethod
    def create_id(source: str, event_id: EventId) -> str:
        """Name the stream of a source's event; an integer is padded, so that streams sort as ids do.

        Text begins with an equals sign, which is no digit; a source's name has no slash. So no id can be
        chosen to give the stream of another one.
        """
        if isinstance(event_id, str):
            return f"delivery/{source}/={event_id}"
        return f"delivery/{source}/{event_id:016d}"

    @staticmethod
    def parse_id(stream: str) -> tuple[str, EventId]:
        """Return the source and the id of the event in the name of a stream."""
        _, source, named = stream.split("/", 2)
        return source, named[1:] if named.startswith("=") else int(named)

    def repeats(self, body: bytes, said: Content, ignored: Sequence[str] = ()) -> bool:
        """Say whether a recorded envelope has this content, and the JSON value of a body in any spelling.

        The parts that the JSON pointers `ignored` name don't count. What is no JSON has to be the same bytes.
        """
        if (body, said) in self.received:
            return True
        known = [each for each, of in self.received if of == said]
        if not known or said[-1]:
            return False
        return canonical(body, ignored) in [canonical(each, ignored) for each in known]


def canonical(body: bytes, ignored: Sequence[str] = ()) -> str:
    """Return the canonical JSON of a text: equal values give equal results, 1 and 1.0 too."""
    value = json.loads(body, parse_float=_number)
    for pointer in ignored:
        json_pointers.remove(value, pointer)
    return json.dumps(value, sort_keys=True)


def _number(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() else number
