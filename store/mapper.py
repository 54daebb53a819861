"""Domain events to stored events and back."""

from dataclasses import fields, is_dataclass
from secrets import token_bytes, token_hex
from typing import Any, NamedTuple

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Cipher, Compressor, StoredEvent, Transcoder
from eventsourcing.persistence import Mapper as StockMapper
from eventsourcing.persistence import MapperDeserialisationError as DeserialisationError
from eventsourcing.utils import get_topic, resolve_topic

from store.stored_rows import AttributedEvent

SALT = "salt"
SALT_BYTES = 16
Facts = tuple[str, bool, int | None]
"""Who caused an event, whether it has a reason, and the organization that it belongs to."""


class _Caused(msgspec.Struct):
    """The fields of a state that the log is searched by; decoded without the others."""

    by: str = ""
    why: str | None = None


_read_caused = msgspec.msgpack.Decoder(_Caused).decode


class _Shape(NamedTuple):
    """The facts about an event class that the mapper looks up once."""

    topic: str
    version: int
    of_organization: bool
    optional: tuple[str, ...]


class Mapper(StockMapper[str]):
    """Map events as eventsourcing's mapper does, faster, and name the event that can't be decoded.

    The state is one map, in the order of the event's fields; stream, version and topic stand beside
    it. A field that is None by default is stored only when it is something else, so that a field can be
    added to events that are stored already. Random bytes are stored with it, so that nobody can guess a
    state from its hash, which proofs show. Older shapes are brought up to date as eventsourcing does it:
    a class with `class_version = 2` gives a static method `upcast_v1_v2(state)`.
    """

    def __init__(
        self,
        transcoder: Transcoder,
        compressor: Compressor | None = None,
        cipher: Cipher | None = None,
    ) -> None:
        super().__init__(transcoder, compressor, cipher)
        self._shapes: dict[type, _Shape] = {}
        self._by_topic: dict[str, _Shape] = {}
        self._encode = getattr(transcoder, "encode_state", transcoder.encode)
        # Other transcoders, which the environment may name, know no bytes.
        self._new_salt = token_bytes if hasattr(transcoder, "encode_state") else token_hex
        self._decode = getattr(transcoder, "decode_state", transcoder.decode)
        self._is_plain = compressor is None and cipher is None

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """Encode an event; raises what the transcoder raises for a value that it can't give back."""
        event_class = type(domain_event)
        shape = self._shapes.get(event_class) or self._shape(event_class)
        state = vars(domain_event).copy()
        stream = state.pop("originator_id")
        version = state.pop("originator_version")
        for name in shape.optional:
            if name in state and state[name] is None:
                del state[name]
        if shape.version > 1:
            state["class_version"] = shape.version
        state[SALT] = self._new_salt(SALT_BYTES)
        encoded = self._encode(state)
        stored = object.__new__(AttributedEvent)
        # Past its __init__, which takes as long as the encoding.
        stored.__dict__.update(
            originator_id=stream,
            originator_version=version,
            topic=shape.topic,
            state=encoded if self._is_plain else self._seal(encoded),
            by=state.get("by", ""),
            has_reason="why" in state,
            organization=domain_event.organization_id if shape.of_organization else None,  # type: ignore[attr-defined]
        )
        return stored

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Decode an event and upcast an older shape; raises MapperDeserialisationError."""
        try:
            event_class = resolve_topic(stored_event.topic)
            known = (self._shapes.get(event_class) or self._shape(event_class)).version
            encoded = stored_event.state
            state = self._decode(encoded if self._is_plain else self._unseal(encoded))
            version = state.pop("class_version", 1)
            state.pop(SALT, None)
            _check_shape(version, known)
        except Exception as error:
            where = f"{stored_event.originator_id} version {stored_event.originator_version}"
            raise DeserialisationError(
                f"{stored_event.topic} of {where} can't be decoded: {error}"
            ) from error
        state["originator_id"] = stored_event.originator_id
        state["originator_version"] = stored_event.originator_version
        while version < known:
            getattr(event_class, f"upcast_v{version}_v{version + 1}")(state)
            version += 1
        event = object.__new__(event_class)
        event.__dict__.update(state)
        return event

    def facts(self, stream: str, version: int, topic: str, state: bytes) -> Facts | None:
        """Return the facts by which the log is searched, as they follow from an event.

        None for one that can't be decoded, by a key that is not here or by this version.
        """
        try:
            shape = self._shape_of(topic)
            said = _read_caused(state if self._is_plain else self._unseal(state))
            organization = None
            if shape.of_organization:
                stored = StoredEvent(stream, version, topic, state)
                organization = self.to_domain_event(stored).organization_id
        except Exception:
            return None
        return said.by, said.why is not None, organization

    def _shape_of(self, topic: str) -> _Shape:
        found = self._by_topic.get(topic)
        if found is None:
            found = self._by_topic[topic] = self._shape(resolve_topic(topic))
        return found

    def _shape(self, event_class: type) -> _Shape:
        names = {*dir(event_class), *getattr(event_class, "__dataclass_fields__", ())}
        version = getattr(event_class, "class_version", 1)
        defined = fields(event_class) if is_dataclass(event_class) else ()
        optional = tuple(field.name for field in defined if field.default is None)
        shape = _Shape(get_topic(event_class), version, "organization_id" in names, optional)
        self._shapes[event_class] = shape
        return shape

    def _seal(self, state: bytes) -> bytes:
        """Compress, then encrypt, as far as the environment asks for it."""
        compressed = self.compressor.compress(state) if self.compressor else state
        return self.cipher.encrypt(compressed) if self.cipher else compressed

    def _unseal(self, state: bytes) -> bytes:
        decrypted = self.cipher.decrypt(state) if self.cipher else state
        return self.compressor.decompress(decrypted) if self.compressor else decrypted


def _check_shape(version: int, known: int) -> None:
    """Raise ValueError for a shape that only a later version of the program knows."""
    if version > known:
        raise ValueError(f"its shape is {version}, and here {known} is the latest")
