"""Values to MessagePack and back: every value returns as it was, or is refused when it is encoded."""

from datetime import datetime
from types import NoneType
from typing import Any

import msgspec
from eventsourcing.persistence import JSONTranscoder, TranscodingNotRegisteredError
from msgspec.msgpack import Ext

SCALARS = frozenset({str, int, float, bool, NoneType, bytes})
TRANSCODED = 1
"""The code of MessagePack's extension type for `[name of the transcoding, its data]`."""


class MessagePackTranscoder(JSONTranscoder):
    """Encode text, numbers, bytes, aware datetimes, and lists and dicts of them.

    Other types need a transcoding that is registered, as for eventsourcing's JSONTranscoder: of
    those, an application registers UUID, Decimal and naive datetime by itself. Bytes stay bytes, and
    an aware datetime is a MessagePack timestamp, which returns in UTC. Source: https://msgpack.org.
    """

    def __init__(self) -> None:
        super().__init__()
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(ext_hook=self._decode_extension).decode
        self.decode_state = msgspec.msgpack.Decoder(
            type=dict[str, Any], ext_hook=self._decode_extension
        ).decode

    def encode(self, obj: Any) -> bytes:
        """Encode a value; raises TranscodingNotRegisteredError or OverflowError, both with its type."""
        return self._encode(self._encodable(obj))

    def encode_state(self, state: dict[str, Any]) -> bytes:
        """Encode the fields of an event; the check of their types is inlined, since most are scalars."""
        for value in state.values():
            kind = type(value)
            if kind not in SCALARS and (kind is not datetime or value.tzinfo is None):
                return self.encode(state)
        return self._encode(state)

    def decode(self, data: bytes) -> Any:
        """Decode a value; raises msgspec.DecodeError, or what its transcoding raises."""
        return self._decode(data)

    def _encodable(self, value: Any) -> Any:
        """Return a value without types that msgspec would encode as another."""
        kind = type(value)
        if kind in SCALARS:
            return value
        if kind is datetime and value.tzinfo is not None:
            return value
        if kind is dict:
            return {self._key(key): self._encodable(each) for key, each in value.items()}
        if kind is list:
            return [self._encodable(each) for each in value]
        return self._transcoded(value)

    @staticmethod
    def _key(key: Any) -> Any:
        if type(key) not in SCALARS:
            raise TranscodingNotRegisteredError(f"a {type(key)} can't be a key: {key!r}")
        return key

    def _transcoded(self, value: Any) -> Ext:
        transcoding = self.types.get(type(value))
        if transcoding is None:
            raise TranscodingNotRegisteredError(
                f"Object of type {type(value)} is not serializable. Please define and register "
                "a custom transcoding for this type."
            )
        data = self._encodable(transcoding.encode(value))
        return Ext(TRANSCODED, self._encode([transcoding.name, data]))

    def _decode_extension(self, code: int, data: memoryview) -> Any:
        name: Any = code
        encoded = None
        if code == TRANSCODED:
            name, encoded = self._decode(data)
        transcoding = self.names.get(name)
        if transcoding is None:
            raise TranscodingNotRegisteredError(
                f"Data serialized with name '{name}' is not deserializable. Please register a "
                "custom transcoding for this type."
            )
        return transcoding.decode(encoded)
