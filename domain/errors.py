"""The refusals of the domain; receiver/errors.py turns each into an answer.

Refusal
├── NotFound
│   ├── UnknownKitRegistration
│   ├── UnknownOrganization
│   ├── UnknownQuarantined
│   └── UnknownRegistration
├── AlreadyRegistered         an equal registration is active
├── IdentifierTaken           another group has this identifier
├── InvalidField              a field names something that does not exist or is not possible
├── KitOfAnotherCustomer      the kit belongs to another customer
├── QuarantineClosed          the delivery was released or discarded before
├── StillRefused              the envelope is still invalid
└── WouldReplace              the release would replace a recorded envelope
"""

from collections.abc import Mapping


class Refusal(Exception):
    """Refuse a command; the message says why."""


class NotFound(Refusal):
    """Refuse because a named thing does not exist."""


class UnknownKitRegistration(NotFound):
    """Refuse because there is no such kit registration."""


class UnknownOrganization(NotFound):
    """Refuse because there is no such organization."""


class UnknownRegistration(NotFound):
    """Refuse because the profile has no such registration."""


class UnknownQuarantined(NotFound):
    """Refuse because nothing is quarantined at this position."""


class AlreadyRegistered(Refusal):
    """Refuse a second active registration of a profile to a group as the same type."""


class IdentifierTaken(Refusal):
    """Refuse to give one identifier to two groups of an organization."""


class InvalidField(Refusal):
    """Refuse a well-formed value that is not possible here; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class KitOfAnotherCustomer(Refusal):
    """Refuse to register a kit that another customer has."""


class QuarantineClosed(Refusal):
    """Refuse to release or discard a quarantined delivery twice."""


class StillRefused(Refusal):
    """Refuse to release a delivery that is still invalid."""


class WouldReplace(Refusal):
    """Refuse to replace a recorded envelope unless the caller asked for it.

    `recorded` and `held` are the exact bytes of the two envelopes; `headers` are those that say something of
    the recorded one, and of the held one.
    """

    def __init__(
        self, recorded: bytes, held: bytes, headers: tuple[Mapping[str, str], Mapping[str, str]]
    ) -> None:
        super().__init__("another delivery with this source and id is recorded already")
        self.recorded = recorded
        self.held = held
        self.headers = headers
