"""Whenever another process writes while a use case is under way, what both say afterwards is true."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.errors import AlreadyRegistered, IdentifierTaken, InvalidField, Refusal
from domain.use_cases.registration_lookup import RegistrationInGroup
from tests.harness.ledgers import open_ledger, recorder_of
from tests.harness.stores import Stores
from tests.organizations.office import DEEP, NORTH, ROOT, SOUTH, Office

CALLS = ("select_stream", "insert_events")
FOR_EVER = 500
Ask = Callable[[Office, RegistrationInGroup], Any]


class Interruption:
    """Lets another process act, once, just before the n-th call of ours to the store."""

    def __init__(self, office: Office, act: Callable[[], object], moment: int) -> None:
        self.calls = 0
        self._act, self._moment = act, moment
        self._real = {name: getattr(recorder_of(office.ledger), name) for name in CALLS}

    def call(self, name: str) -> Callable[..., Any]:
        """Return one of the store's methods, with the interruption before it."""

        def called(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            assert self.calls < FOR_EVER, "it goes round and round"
            if self.calls == self._moment:
                self._act()
            return self._real[name](*arguments, **options)

        return called


@pytest.fixture
def other(office: Office, url: str) -> Iterator[Office]:
    """Open the same ledger as another process would."""
    ledger = open_ledger(url)
    yield Office(ledger, seen=office.seen, hours=100)
    ledger.close()


def interrupt(
    patch: pytest.MonkeyPatch, office: Office, act: Callable[[], object], moment: int
) -> Interruption:
    """Set up an interruption."""
    made = Interruption(office, act, moment)
    for name in CALLS:
        patch.setattr(recorder_of(office.ledger), name, made.call(name))
    return made


def outcome(ask: Callable[[], Any]) -> type[Refusal] | None:
    """Return what something is refused with, if it is."""
    try:
        ask()
    except Refusal as refusal:
        return type(refusal)
    return None


RACES: dict[str, tuple[Ask, Ask, type[Refusal]]] = {
    "the same registration": (
        lambda office, _: office.register(71),
        lambda office, _: office.register(71),
        AlreadyRegistered,
    ),
    "the same identifier for two groups": (
        lambda office, _: office.put(SOUTH, identifier="deep"),
        lambda office, _: office.put(DEEP, identifier="deep"),
        IdentifierTaken,
    ),
    "the same identifier for two new groups": (
        lambda office, _: office.put(8, identifier="new"),
        lambda office, _: office.put(9, identifier="new"),
        IdentifierTaken,
    ),
    "a reactivation and a new registration": (
        lambda office, gone: office.change(gone, deactivated=None),
        lambda office, _: office.register(),
        AlreadyRegistered,
    ),
    "a move and a new registration": (
        lambda office, gone: office.change(gone, deactivated=None, group_id=SOUTH),
        lambda office, _: office.register(group_id=SOUTH),
        AlreadyRegistered,
    ),
    "two groups, each below the other": (
        lambda office, _: office.put(SOUTH, parent_id=DEEP),
        lambda office, _: office.put(NORTH, parent_id=SOUTH),
        InvalidField,
    ),
}


@pytest.mark.parametrize(("mine", "theirs", "refusal"), RACES.values(), ids=RACES)
def test_of_two_that_can_not_both_be_only_one_is_whenever_the_other_comes(
    stores: Stores, mine: Ask, theirs: Ask, refusal: type[Refusal]
) -> None:
    said, calls = race(stores, mine, theirs, moment=0)
    assert said == {None}

    for moment in range(1, calls + 1):
        said, _ = race(stores, mine, theirs, moment)
        assert said == {None, refusal}, f"interrupted before call {moment}: {said}"


def race(
    stores: Stores, mine: Ask, theirs: Ask, moment: int
) -> tuple[set[type[Refusal] | None], int]:
    """Let one interrupt the other before a call to the store; return how they end, and the calls."""
    with stores.empty() as url:
        return race_on(url, mine, theirs, moment)


def race_on(url: str, mine: Ask, theirs: Ask, moment: int) -> tuple[set[type[Refusal] | None], int]:
    """Do so on one ledger."""
    ours, others = open_ledger(url), open_ledger(url)
    office, other = Office(ours), Office(others, hours=100)
    office.tree()
    gone = office.deactivate(office.register())
    said: set[type[Refusal] | None] = set()
    with pytest.MonkeyPatch.context() as patch:
        act = lambda: said.add(outcome(lambda: theirs(other, gone)))  # noqa: E731
        interruption = interrupt(patch, office, act, moment)
        said.add(outcome(lambda: mine(office, gone)))
    ours.close()
    others.close()
    return said, interruption.calls


def test_a_group_made_by_another_at_the_same_moment_is_changed(
    office: Office, other: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(monkeypatch, office, lambda: other.put(8, name="Theirs"), moment=3)

    group, path, new = office.put(8, name="Ours", parent_id=SOUTH)

    assert (group.name, path, new) == ("Ours", [ROOT, SOUTH, 8], False)
    assert [each.TOPIC for each in office.news] == [
        "Group.Made",
        "Group.Renamed",
        "Group.Moved",
        "GroupTree.Rearranged",
    ]


def test_two_who_deactivate_at_once_do_it_once(
    office: Office, other: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = office.register()
    office.look_away()
    interrupt(monkeypatch, office, lambda: other.deactivate(made), moment=5)

    found = office.deactivate(made)

    assert office.topics == ["Registration.Deactivated", "Claim.Freed"]
    assert found.registration.deactivated == other.deactivate(made).registration.deactivated
