"""What the domain refuses, and why; the edge turns each into an answer.

Refusal
├── NotFound
│   ├── UnknownKitRegistration
│   ├── UnknownOrganization
│   ├── UnknownQuarantined
│   └── UnknownRegistration
├── AlreadyRegistered         an active registration says the same
├── IdentifierTaken           another group has this identifier
├── Unacceptable              a field names what does not exist, or can't be
├── KitOfAnotherCustomer      the kit belongs to somebody else
├── QuarantineClosed          it was released or discarded before
├── StillRefused              what made the delivery unfit is still there
└── WouldReplace              releasing a conflict would change what was recorded
"""


class Refusal(Exception):
    """Say no, with a sentence that its reader can act on."""


class NotFound(Refusal):
    """Refuse because what was named does not exist."""


class UnknownKitRegistration(NotFound):
    """Refuse to change a kit registration that nobody made."""


class UnknownOrganization(NotFound):
    """Refuse to look into an organization that nobody made."""


class UnknownRegistration(NotFound):
    """Refuse to show or change a registration that the profile does not have."""


class UnknownQuarantined(NotFound):
    """Refuse to treat as quarantined what is not."""


class AlreadyRegistered(Refusal):
    """Refuse a second active registration of a profile to a group as the same type."""


class IdentifierTaken(Refusal):
    """Refuse to give one identifier to two groups of an organization."""


class Unacceptable(Refusal):
    """Refuse a value that is well-formed, but means nothing here; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class KitOfAnotherCustomer(Refusal):
    """Refuse to give one customer the kit of another."""


class QuarantineClosed(Refusal):
    """Refuse to decide twice about one quarantined delivery."""


class StillRefused(Refusal):
    """Refuse to release a delivery that could not be recorded today either."""


class WouldReplace(Refusal):
    """Refuse to replace what was recorded unless told that it is meant.

    `recorded` and `held` are the exact bytes of the envelope that stands and of the one held.
    """

    def __init__(self, recorded: bytes, held: bytes) -> None:
        super().__init__("another delivery with this source and id is recorded already")
        self.recorded = recorded
        self.held = held
