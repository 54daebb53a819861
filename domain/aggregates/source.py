"""A source of webhooks: its settings, and the keys that verify its signatures, without their secrets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from domain.aggregate import Aggregate, Event


class Source(Aggregate):
    """One source, identified by its name. The registry decides; these events record what it did.

    `keys` has the fingerprint of each key's secret, and when it expires, by the id of the key.
    """

    category = "source"

    @dataclass(frozen=True, kw_only=True)
    class Added(Event):
        """The source was added with these settings."""

        TOPIC: ClassVar[str] = "Source.Added"
        settings: dict[str, Any]

        def apply(self, aggregate: "Source") -> None:
            aggregate.settings = dict(self.settings)

    @dataclass(frozen=True, kw_only=True)
    class Changed(Event):
        """Some settings were changed."""

        TOPIC: ClassVar[str] = "Source.Changed"
        settings: dict[str, Any]

        def apply(self, aggregate: "Source") -> None:
            aggregate.settings = {**aggregate.settings, **self.settings}

    @dataclass(frozen=True, kw_only=True)
    class KeyAdded(Event):
        """A key was added."""

        TOPIC: ClassVar[str] = "Source.KeyAdded"
        key_id: str
        fingerprint: str

        def apply(self, aggregate: "Source") -> None:
            aggregate.keys = {**aggregate.keys, self.key_id: {"fingerprint": self.fingerprint}}

    @dataclass(frozen=True, kw_only=True)
    class KeyExpired(Event):
        """A key was given the time at which it expires."""

        TOPIC: ClassVar[str] = "Source.KeyExpired"
        key_id: str
        expires_at: datetime

        def apply(self, aggregate: "Source") -> None:
            key = aggregate.keys.get(self.key_id, {})
            expired = {**key, "expires_at": self.expires_at.isoformat()}
            aggregate.keys = {**aggregate.keys, self.key_id: expired}

    @dataclass(frozen=True, kw_only=True)
    class Retired(Event):
        """The source was retired: its webhooks are refused."""

        TOPIC: ClassVar[str] = "Source.Retired"

        def apply(self, aggregate: "Source") -> None:
            aggregate.retired = True

    @dataclass(frozen=True, kw_only=True)
    class Reopened(Event):
        """The source was reopened: its live keys verify again."""

        TOPIC: ClassVar[str] = "Source.Reopened"

        def apply(self, aggregate: "Source") -> None:
            aggregate.retired = False

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.settings: dict[str, Any] = {}
        self.keys: dict[str, dict[str, str]] = {}
        self.retired = False

    @staticmethod
    def create_id(name: str) -> str:
        """Name the stream of a source."""
        return f"source/{name}"

    def values(self) -> dict[str, Any]:
        """Return its settings, its keys and whether it is retired."""
        return {**self.settings, "keys": self.keys, "retired": self.retired}
