"""A client of the API: its roles, and the fingerprint of its key."""

from dataclasses import dataclass
from typing import ClassVar

from domain.aggregate import Aggregate, Event


class Client(Aggregate):
    """One client, identified by its integer id. The registry decides; these events record what it did."""

    category = "client"
    key_type = int

    @dataclass(frozen=True, kw_only=True)
    class Added(Event):
        """The client was added; `organization` is the only one that it may see."""

        TOPIC: ClassVar[str] = "Client.Added"
        name: str
        roles: list[str]
        organization: int | None
        fingerprint: str

        def apply(self, aggregate: "Client") -> None:
            aggregate.name, aggregate.roles = self.name, self.roles
            aggregate.organization = self.organization
            aggregate.key_fingerprint = self.fingerprint

    @dataclass(frozen=True, kw_only=True)
    class Revoked(Event):
        """The client was revoked: its key verifies no more."""

        TOPIC: ClassVar[str] = "Client.Revoked"

        def apply(self, aggregate: "Client") -> None:
            aggregate.revoked = True

    def __init__(self, stream: str, version: int = 0) -> None:
        super().__init__(stream, version)
        self.name: str | None = None
        self.roles: list[str] = []
        self.organization: int | None = None
        self.key_fingerprint: str | None = None
        self.revoked = False

    @staticmethod
    def create_id(client_id: int) -> str:
        """Name the stream of a client."""
        return f"client/{client_id}"
