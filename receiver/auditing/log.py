"""GET /api/v1/audit/log/: all events, filtered."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from flask import Response
from marshmallow import ValidationError, fields, validates

from audit.log import LogQuery, actors, log_page, topics, topics_in
from domain.cause import KINDS
from projections.times import to_microseconds
from receiver import pages
from receiver.access import own_organization, requires
from receiver.blueprint import Blueprint
from receiver.consistency import last_position
from receiver.current import services
from receiver.date_fields import QueryDateTime
from receiver.entry_schemas import EntrySchema, SubjectSchema
from receiver.fields import Text
from receiver.history import answer_entries, histories

LONGEST_ACTOR = 128
LONGEST_NAME = 128
blueprint = Blueprint(
    "audit-log", __name__, url_prefix="/api/v1/audit/log", description="What auditors ask."
)


class LogEntrySchema(EntrySchema):
    """One event of the log."""

    class Meta:
        fields = (*EntrySchema.Meta.fields, "subject")

    subject = fields.Nested(SubjectSchema, required=True)


def _described(known: Iterable[str]) -> dict[str, str]:
    named = ", ".join(sorted(known))
    return {"description": f"One of {named}; or one that only a later version knows."}


def _check(name: str | None, known: Iterable[str], recorded: Callable[[], Iterable[str]]) -> None:
    """Raise ValidationError for a name that is neither known nor, which is asked then, recorded."""
    if name is not None and name not in known and name not in recorded():
        raise ValidationError(f"Must be one of: {', '.join(sorted({*known}))}.")


class LogQuerySchema(pages.IdPageSchema):
    """The arguments of the log."""

    kind = Text(LONGEST_NAME, load_default=None, metadata=_described({*topics().values()}))
    event = Text(LONGEST_NAME, load_default=None, metadata=_described(topics()))
    by = Text(
        LONGEST_ACTOR,
        load_default=None,
        metadata={
            "description": "An actor such as client:3, or an id or a name.",
            "example": "client:3",
        },
    )
    has_reason = fields.Boolean(load_default=None, truthy={"true", "1"}, falsy={"false", "0"})
    since = QueryDateTime(load_default=None, metadata={"description": "Recorded then or later."})
    until = QueryDateTime(load_default=None, metadata={"description": "Recorded before."})

    @validates("kind")
    def is_a_kind(self, kind: str | None, **_: Any) -> None:
        """Refuse a kind that neither this version nor the log knows."""
        _check(kind, topics().values(), lambda: topics_in(services().ledger).values())

    @validates("event")
    def is_a_topic(self, event: str | None, **_: Any) -> None:
        """Refuse an event that neither this version nor the log knows."""
        _check(event, topics(), services().ledger.store.topics)

    @validates("by")
    def is_of_a_known_kind(self, by: str | None, **_: Any) -> None:
        """Refuse a kind that no actor has."""
        kind, separator, _name = (by or "").replace(":", "/", 1).partition("/")
        if separator and kind not in KINDS:
            raise ValidationError(f"Must begin with one of: {', '.join(KINDS)}; or be an id.")


@blueprint.route("/")
@requires("auditor", narrowed=True)
@blueprint.query(LogQuerySchema)
@blueprint.response(200, LogEntrySchema(many=True))
def get_log(query: dict[str, Any]) -> Response:
    """List all events by position

    A client that is bound to an organization sees the events of that one.
    """
    wanted = LogQuery(
        query["kind"],
        query["event"],
        _actors(query["by"]),
        query["has_reason"],
        own_organization(),
    )
    after, until = (query["after"] or (0,))[0], last_position()
    if query["since"] is not None:
        after = max(after, _before(query["since"]))
    if query["until"] is not None:
        until = min(until, _before(query["until"]))
    limit = query["limit"]
    found = log_page(histories(), wanted, after=after, until=until, limit=limit + 1)
    return answer_entries(found, limit, subjects=True)


def _actors(by: str | None) -> tuple[str, ...]:
    return () if by is None else tuple(actors(by, services().clients.named))


def _before(time: datetime) -> int:
    """Return the last position that was recorded before a time."""
    return services().ledger.store.position_at(to_microseconds(time) - 1)
