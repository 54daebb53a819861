"""The histories of groups and registrations, over HTTP, with the values that their routes show."""

from typing import Any

import pytest

from tests.organizations.camp import PROVIDER, Camp, where
from tests.receiver.examples import problem

NORTH, SOUTH = 1, 2


def changes(entry: Any) -> dict[str, tuple[Any, Any]]:
    return {each["field"]: (each["before"], each["after"]) for each in entry["changes"]}


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_groups_history_has_its_names_parents_and_identifiers(camp: Camp, slash: str) -> None:
    camp.make(NORTH, name="North")
    camp.make(SOUTH, name="South")
    shown = camp.change_group(NORTH, name="Far North", parentID=SOUTH, groupIdentifier="n")

    entries = camp.get(f"groups/{NORTH}/history{slash}")

    assert changes(entries[0]) == {
        "id": (None, NORTH),
        "name": (None, "North"),
        "parentID": (None, camp.root),
    }
    later = {name: pair for entry in entries[1:] for name, pair in changes(entry).items()}
    assert later == {
        "name": ("North", "Far North"),
        "parentID": (camp.root, SOUTH),
        "groupIdentifier": (None, "n"),
    }
    assert {name: after for name, (_, after) in later.items()}.items() <= shown.items()


def test_a_registrations_history_has_its_moves_and_its_times(camp: Camp) -> None:
    camp.make(NORTH)
    made = camp.register(70, camp.root)
    moved = camp.change(made, groupID=NORTH, type=PROVIDER)
    camp.deactivate(made)
    gone = camp.get(where(made))

    entries = camp.get(f"{where(made)}/history")

    shown = {"id", "profileID", "groupID", "type", "created", "updated"}
    assert changes(entries[0]) == {name: (None, made[name]) for name in shown}
    later = {name: pair for entry in entries[1:] for name, pair in changes(entry).items()}
    assert later["groupID"] == (camp.root, NORTH)
    assert later["type"] == (made["type"], moved["type"])
    assert later["deactivated"] == (None, gone["deactivated"])
    assert {entry["by"]["kind"] for entry in entries} == {"client"}
    assert {entry["delivery"] for entry in entries} == {None}


def test_a_history_is_found_where_its_thing_is(camp: Camp) -> None:
    made = camp.register(70, camp.root)
    another = {**made, "profileID": 71}

    for path in (
        f"{where(another)}/history",
        "groups/9/history",
        "profiles/70/registrations/0/history",
    ):
        problem(camp.ask("GET", path), 404)
