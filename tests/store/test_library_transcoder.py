"""The library's own cases for transcoders, as far as they don't compare bytes of JSON."""

from typing import Any

from eventsourcing.persistence import Transcoder, Transcoding, UUIDAsHex
from eventsourcing.tests import persistence as library

from store.transcoder import MessagePackTranscoder
from tests.store.library import leave_out


def plainly(kind: type, plain: type) -> Transcoding:
    """Make a transcoding of a type as the plain one that it is like."""

    class Plainly(Transcoding):
        type = kind
        name = kind.__name__.lower()

        def encode(self, obj: Any) -> Any:
            return plain(obj)

        def decode(self, data: Any) -> Any:
            return kind(data)

    return Plainly()


@leave_out
class TestTranscoder(library.TranscoderTestCase):
    """MessagePack with transcodings."""

    def construct_transcoder(self) -> Transcoder:
        """Return a transcoder that knows the types of the cases."""
        transcoder = MessagePackTranscoder()
        for transcoding in (
            UUIDAsHex(),
            library.CustomType1AsDict(),
            library.CustomType2AsDict(),
            plainly(library.Mydict, dict),
            plainly(library.MyList, list),
            plainly(library.MyStr, str),
            plainly(library.MyInt, int),
            plainly(tuple, list),
        ):
            transcoder.register(transcoding)
        return transcoder
