"""The same log as eventsourcing keeps it by itself: its recorder, its mapper, its JSON transcoder."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path

from eventsourcing.application import Application
from eventsourcing.persistence import JSONTranscoder, Notification, Transcoding

from domain.ledger import Ledger

PAGE = 1000


class BytesAsBase64(Transcoding):
    """Write bytes as text, which the stock transcodings lack."""

    type = bytes
    name = "bytes_base64"

    def encode(self, obj: bytes) -> str:
        """Write."""
        return b64encode(obj).decode()

    def decode(self, data: str) -> bytes:
        """Read."""
        return b64decode(data)


class Stock(Application[str]):
    """An application as eventsourcing makes it when nothing is changed."""

    def register_transcodings(self, transcoder: JSONTranscoder) -> None:
        """Add the one that is missing."""
        super().register_transcodings(transcoder)
        transcoder.register(BytesAsBase64())


def copy(ledger: Ledger, path: Path, amount: int) -> Stock:
    """Write the first events of a ledger to a file of the stock recorder."""
    stock = Stock(
        {
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(path),
            "ORIGINATOR_ID_TYPE": "text",
        }
    )
    for page in pages(ledger, amount):
        events = [ledger.streams.decode(stored) for stored in page]
        stock.recorder.insert_events([stock.mapper.to_stored_event(event) for event in events])
    return stock


def pages(application: Application[str], amount: int) -> Iterator[list[Notification]]:
    """Read the first `amount` events of a log, a page at a time."""
    start = 1
    while start <= amount:
        limit = min(PAGE, amount - start + 1)
        page = list(application.recorder.select_notifications(start, limit))
        if not page:
            return
        yield page
        start = page[-1].id + 1
