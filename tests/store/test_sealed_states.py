"""Cipher, compressor and mapper of the environment are used: no plain text is stored."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent

from domain.aggregate import Event
from store.mapper import Mapper
from tests.harness.plain import Plain
from tests.store.conftest import OpenApplication

SECRET = "the patient's name is Ada " * 20
CIPHER = {
    "CIPHER_TOPIC": "eventsourcing.cryptography:AESCipher",
    "CIPHER_KEY": b64encode(bytes(range(16))).decode(),
}
ZLIB = {"COMPRESSOR_TOPIC": "zlib"}


@dataclass(frozen=True, kw_only=True)
class Whispered(Event):
    """An event that not everybody is to read."""

    TOPIC: ClassVar[str] = "test.Whispered"
    text: str


class UpperMapper(Mapper):
    """A mapper of an application's own."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Encode an event loudly."""
        loud = Whispered(**{**vars(domain_event), "text": domain_event.text.upper()})
        return super().to_stored_event(loud)


WHISPERED = Whispered(
    originator_id="w/1",
    originator_version=1,
    timestamp=datetime(2026, 1, 5, tzinfo=UTC),
    text=SECRET,
)


def everything_stored(url: str) -> bytes:
    """Return all bytes of the database that may hold a state."""
    plain = Plain(url)
    states = b"".join(bytes(state) for (state,) in plain.query("SELECT state FROM stored_events"))
    plain.close()
    if plain.on_postgres:
        return states
    file = Path(url.removeprefix("sqlite:///"))
    return b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))


@pytest.mark.parametrize(
    "settings", [CIPHER, ZLIB, {**CIPHER, **ZLIB}], ids=["cipher", "compressor", "both"]
)
def test_no_plain_text_is_stored_and_it_comes_back(
    open_application: OpenApplication, url: str, settings: dict[str, str]
) -> None:
    application = open_application(**settings)
    application.events.put([WHISPERED])
    stored = everything_stored(url)
    assert b"Ada" not in stored
    assert list(application.events.get("w/1")) == [WHISPERED]


def test_without_settings_the_text_is_readable(open_application: OpenApplication, url: str) -> None:
    open_application().events.put([WHISPERED])
    assert b"Ada" in everything_stored(url)


def test_another_key_opens_nothing_and_the_event_is_named(
    open_application: OpenApplication,
) -> None:
    open_application(**CIPHER).events.put([WHISPERED])
    other = open_application(**{**CIPHER, "CIPHER_KEY": b64encode(bytes(16)).decode()})
    with pytest.raises(MapperDeserialisationError, match=r"test\.Whispered of w/1 version 1"):
        list(other.events.get("w/1"))


def test_the_mapper_that_is_named_is_used(open_application: OpenApplication) -> None:
    application = open_application(MAPPER_TOPIC="tests.store.test_sealed_states:UpperMapper")
    application.events.put([WHISPERED])
    [whispered] = application.events.get("w/1")
    assert vars(whispered)["text"] == SECRET.upper()


def test_the_transcoder_that_is_named_is_used(open_application: OpenApplication, url: str) -> None:
    topic = "eventsourcing.persistence:JSONTranscoder"
    application = open_application(TRANSCODER_TOPIC=topic)
    application.events.put([WHISPERED])
    assert b'{"timestamp":{"_type_":"datetime_iso"' in everything_stored(url)
    assert list(application.events.get("w/1")) == [WHISPERED]
