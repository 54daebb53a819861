"""bundle.json: what a bundle holds. The files of its events have 4096 positions each."""

from collections.abc import Iterator, Sequence

from msgspec import DecodeError, Struct, json

from audit.bundles.errors import BundleError
from audit.entries import Subject

FORMAT = "kitledger-bundle/1"
NAME = "bundle.json"
PER_FILE = 4096


class EventFile(
    Struct, frozen=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}
):
    """A file of events, and the positions among which they lie."""

    name: str
    first: int
    last: int
    sha256: str


class Contents(
    Struct, frozen=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}
):
    """The contents of a bundle: all events of a range, or those of some subjects there.

    `given_ids` has the last integer of each kind that was given out; only a bundle of all events has them.
    """

    format: str
    first: int
    last: int
    subject: Subject | list[Subject] | None
    events: str
    count: int
    files: list[EventFile]
    given_ids: dict[str, int]

    def encode(self) -> bytes:
        """Return bundle.json."""
        return json.format(json.encode(self), indent=2) + b"\n"

    def same_part(self, other: "Contents") -> bool:
        """Say whether another bundle holds the same events in the same form."""
        names = ("format", "first", "last", "subject", "events")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    @classmethod
    def parse(cls, text: bytes) -> "Contents":
        """Return what a bundle.json says; raises BundleError."""
        try:
            found = json.decode(text, type=cls)
        except (DecodeError, UnicodeDecodeError) as error:
            raise BundleError(f"{NAME} is not that of a bundle: {error}") from error
        if found.format != FORMAT:
            raise BundleError(
                f"{NAME} names the format {found.format!r}, and here {FORMAT} is known"
            )
        return found


def blocks(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the first and the last position of each file from a position to another."""
    while first <= last:
        end = min(last, first + PER_FILE - 1 - (first - 1) % PER_FILE)
        yield first, end
        first = end + 1


def blocks_of(positions: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last position of each file that some positions, which rise, fall into."""
    while positions:
        first, end = next(blocks(positions[0], positions[0] + PER_FILE))
        below = [each for each in positions[:PER_FILE] if each <= end]
        yield first, below[-1]
        positions = positions[len(below) :]


def file_name(first: int, extension: str) -> str:
    """Return the name of the file whose events begin at a position."""
    return f"events/{first:09d}.{extension}"
