"""The cause of an event: who acted, why, and in which request."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

SOURCE, CLIENT, OPERATOR = "source", "client", "operator"
KINDS = (SOURCE, CLIENT, OPERATOR)


@dataclass(frozen=True)
class Cause:
    """The actor and the reason of some events; every event that is saved has the fields of its cause.

    `by` is a kind and an id, such as client/3; `by_name` is the name at that time. `why` is the reason that
    was given, and `request_id` that of the HTTP request or of the command.
    """

    by: str | None
    by_name: str | None
    why: str | None = None
    request_id: str | None = None

    @classmethod
    def of(
        cls,
        kind: str,
        id: str | int,  # noqa: A002 the field's name
        name: str,
        *,
        why: str | None = None,
        request_id: str | None = None,
    ) -> Self:
        """Return a cause; `kind` is one of KINDS."""
        return cls(f"{kind}/{id}", name, why, request_id)

    @cached_property
    def fields(self) -> dict[str, str]:
        """Return what is known of the cause, as the fields of an event."""
        fields = {
            "by": self.by,
            "by_name": self.by_name,
            "why": self.why,
            "request_id": self.request_id,
        }
        return {name: value for name, value in fields.items() if value is not None}
