"""The quick way for events that are sound: one look by msgspec, where schemas take a look at each field.

What does not pass here is not refused: the schemas in receiver.messages are asked, which have the last
word, and the words. So these shapes may be narrower than the schemas, and never wider.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from receiver.fields import LARGEST_ID, LONGEST_BARCODE, LONGEST_PROSE

Number = Annotated[int, Meta(ge=0, le=LARGEST_ID)]
Barcode = Annotated[str, Meta(min_length=1, max_length=LONGEST_BARCODE)]
Status = Annotated[str, Meta(pattern=r"\A[A-Z_]{1,64}\Z")]
Prose = Annotated[str, Meta(max_length=LONGEST_PROSE)]


class Kit(Struct):
    """What an event says of a kit."""

    barcode: Barcode
    status: Status
    shipment_id: Number | None = None
    reason: Prose | None = None


class Report(Struct):
    """What an event says of a report."""

    id: Number
    status: Status
    reason: Prose | None = None


class KitData(Struct):
    """The data of a kit's event."""

    kit: Kit


class ReportData(Struct):
    """The data of a report's event."""

    report: Report


class KitEvent(Struct):
    """An event about a kit; its type is known already."""

    id: Number
    data: KitData
    created_at: str | None = None


class ReportEvent(Struct):
    """An event about a report; its type is known already."""

    id: Number
    data: ReportData
    created_at: str | None = None


SHAPES: dict[str, type[KitEvent | ReportEvent]] = {
    "kit.created": KitEvent,
    "kit.updated": KitEvent,
    "report.updated": ReportEvent,
}


def look(value: Any) -> KitEvent | ReportEvent | None:
    """Return a parsed envelope in its shape, if it is sound beyond doubt; None tells nothing."""
    try:
        event = msgspec.convert(value, SHAPES[value["type"]])
    except (msgspec.ValidationError, KeyError, TypeError):
        return None
    said = event.data.kit if isinstance(event, KitEvent) else event.data.report
    texts = (getattr(said, "barcode", None), said.reason)
    return event if all(text is None or text.isprintable() for text in texts) else None
