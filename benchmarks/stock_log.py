"""A copy of a log in the stock store: eventsourcing's own recorder, mapper and JSON transcoder."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path

from eventsourcing.application import Application
from eventsourcing.persistence import JSONTranscoder, Notification, Transcoding

from domain.ledger import Ledger

PAGE = 1000


class BytesAsBase64(Transcoding):
    """Encode bytes as text; the stock transcodings have none for bytes."""

    type = bytes
    name = "bytes_base64"

    def encode(self, obj: bytes) -> str:
        """Return the bytes as base64."""
        return b64encode(obj).decode()

    def decode(self, data: str) -> bytes:
        """Return the bytes of a base64 text."""
        return b64decode(data)


class StockApplication(Application[str]):
    """The library's application with its default mapper."""

    def register_transcodings(self, transcoder: JSONTranscoder) -> None:
        """Register the transcoding of bytes, too."""
        super().register_transcodings(transcoder)
        transcoder.register(BytesAsBase64())


def copy(ledger: Ledger, path: Path, amount: int) -> StockApplication:
    """Copy the first events of a ledger to a file of the stock recorder."""
    stock = StockApplication(
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
    """Yield the first `amount` events of a log, page by page."""
    start = 1
    while start <= amount:
        limit = min(PAGE, amount - start + 1)
        page = list(application.recorder.select_notifications(start, limit))
        if not page:
            return
        yield page
        start = page[-1].id + 1
