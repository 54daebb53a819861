"""Bytes that were stored once load for ever, and the same event always makes the same bytes."""

import importlib
import pkgutil
from pathlib import Path

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent

import domain
from domain.aggregate import Event
from store.mapper import Mapper
from store.transcoder import MessagePackTranscoder
from tests.store.stored import without_salt
from tests.stored_events import examples

FOLDER = Path(examples.__file__).parent
MAPPER = Mapper(MessagePackTranscoder())


def event_classes() -> dict[str, type[Event]]:
    """Return every event class of the domain by its topic."""
    for module in pkgutil.iter_modules(domain.__path__):
        importlib.import_module(f"domain.{module.name}")
    found: dict[str, type[Event]] = {}
    classes = list(Event.__subclasses__())
    while classes:
        each = classes.pop()
        classes += each.__subclasses__()
        if "TOPIC" in each.__dict__ and each.__module__.startswith("domain."):
            assert each.TOPIC not in found, f"{each} takes a topic that another class has"
            found[each.TOPIC] = each
    return found


def golden(name: str) -> bytes:
    """Return the bytes of a golden file, which is written on the first run, for a person to check."""
    file = FOLDER / f"{name}.msgpack"
    if not file.exists():
        file.write_bytes(MAPPER.to_stored_event(examples.EXAMPLES[name]).state)
        pytest.fail(f"{file.name} was missing and is written now: look at it and commit it")
    return file.read_bytes()


def stored(name: str) -> StoredEvent:
    """Return a golden file as it stood in the store."""
    event = examples.EXAMPLES[name]
    stream, version = event.originator_id, event.originator_version
    return StoredEvent(stream, version, type(event).TOPIC, golden(name))


def salt_of(state: bytes) -> bytes:
    """Return the random bytes in a stored state."""
    return bytes(msgspec.msgpack.decode(state)["salt"])


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_what_was_stored_once_loads_as_the_event_that_it_was(name: str) -> None:
    loaded, expected = MAPPER.to_domain_event(stored(name)), examples.EXAMPLES[name]
    assert type(loaded) is type(expected)
    assert {name: getattr(loaded, name) for name in vars(expected)} == vars(expected)
    assert vars(loaded).keys() <= vars(expected).keys()


@pytest.mark.parametrize("name", [name for name in examples.EXAMPLES if ".v" not in name])
def test_an_event_makes_the_bytes_that_it_always_made(name: str) -> None:
    made, expected = MAPPER.to_stored_event(examples.EXAMPLES[name]), stored(name)
    unsalted = {"state": without_salt(made.state)}
    assert {**vars(expected), "state": without_salt(expected.state)}.items() <= (
        vars(made) | unsalted
    ).items()


def test_each_stored_state_has_sixteen_random_bytes_of_its_own() -> None:
    event = examples.EXAMPLES["Kit.Observed"]
    salts = {salt_of(MAPPER.to_stored_event(event).state) for _ in range(100)}
    assert len(salts) == 100
    assert {len(salt) for salt in salts} == {16}


@pytest.mark.parametrize("topic", sorted(event_classes()))
def test_every_event_class_has_an_example_with_a_golden_file(topic: str) -> None:
    assert topic in examples.EXAMPLES, f"add an example of {topic} to {examples.__file__}"
    assert type(examples.EXAMPLES[topic]) is event_classes()[topic]


def test_no_golden_file_is_without_its_example() -> None:
    files = {file.name.removesuffix(".msgpack") for file in FOLDER.glob("*.msgpack")}
    assert files == set(examples.EXAMPLES), "a golden file never goes: restore its example"
