"""The expected rows of groups and registrations, with the tree that is above them."""

from collections.abc import Mapping
from typing import Any

from audit.reconcile.expectation import Expectation, Wanted
from audit.reconcile.log import Log, Stream
from audit.reconcile.tree import Tree
from audit.reconcile.versions import Values, Version, timeline
from domain.aggregates.group import Group
from domain.aggregates.registration import Registration
from projections.models.organizations.tables import GROUPS, LINEAGE, REACH, REGISTRATIONS
from projections.slot_tables import SlotTables
from projections.times import to_microseconds


class Groups(Expectation):
    """One row for each group, and one for each group above it, itself included."""

    category = Group.category
    parts = (
        (GROUPS, ("organization_id", "id")),
        (LINEAGE, ("organization_id", "group_id")),
    )

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def expect(self, log: Log, stream: Stream, *wanted: Wanted) -> None:
        """Add the row of a group, and its lineage."""
        groups, lineage = wanted
        organization, _, group = stream.name.partition("/")[2].partition("/")
        key = int(organization), int(group)
        states: list[tuple[int, Values]] = []
        for position, _, state in stream.states(Group):
            if hasattr(state, "group_id"):
                states.append((position, groups.columns.values(_group(state))))
        groups.keys.add(key)
        groups.add(timeline(states))
        lineage.keys.add(key)
        self._tree.learn(log, stream)
        lineage.add_each(
            [
                Version(path.since, path.until, (*key, ancestor, distance))
                for path in self._tree.paths(log, *key)
                for distance, ancestor in enumerate(path.values)
            ]
        )

    def origins(self, log: Log, tables: SlotTables, row: Mapping[str, Any]) -> list[str]:
        """Return the stream of the group."""
        group = row["id"] if tables is GROUPS else row["group_id"]
        return [Group.create_id(row["organization_id"], group)]


class ProfileRegistrations(Expectation):
    """One row for each registration, and one for each group that reaches it."""

    category = Registration.category
    parts = ((REGISTRATIONS, ("id",)), (REACH, ("registration_id",)))
    bounds = REGISTRATIONS.bounds

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def expect(self, log: Log, stream: Stream, *wanted: Wanted) -> None:
        """Add the row of a registration, and its reach."""
        registrations, reach = wanted
        number = int(stream.name.partition("/")[2])
        states: list[tuple[int, Values]] = []
        places: list[tuple[int, tuple[int, int]]] = []
        for position, _, state in stream.states(Registration):
            if not hasattr(state, "created"):
                continue
            place = state.organization_id, state.group_id
            if not places or places[-1][1] != place:
                places.append((position, place))
            row = _registration(state, places[-1][0])
            states.append((position, registrations.columns.values(row)))
        registrations.keys.add((number,))
        registrations.add(timeline(states))
        if states:
            self.new_key(number, states[0][0])
        reach.keys.add((number,))
        reach.add_each(
            [
                Version(path.since, path.until, (organization, ancestor, number))
                for since, until, (organization, group) in timeline(places)
                for path in self._tree.paths(log, organization, group, since, until)
                for ancestor in path.values
            ]
        )

    def origins(self, log: Log, tables: SlotTables, row: Mapping[str, Any]) -> list[str]:
        """Return the stream of the registration."""
        if tables is self.bounds:
            return []
        number = row["id"] if tables is REGISTRATIONS else row["registration_id"]
        return [Registration.create_id(number)]


def _group(state: Group) -> dict[str, Any]:
    return {
        "organization_id": state.organization_id,
        "id": state.group_id,
        "name": state.name,
        "parent_id": state.parent_id,
        "identifier": state.identifier,
    }


def _registration(state: Registration, placed: int) -> dict[str, Any]:
    return {
        "id": state.registration_id,
        "organization_id": state.organization_id,
        "profile_id": state.profile_id,
        "group_id": state.group_id,
        "type": state.type,
        "created": to_microseconds(state.created),
        "updated": to_microseconds(state.updated),
        "deactivated": state.deactivated and to_microseconds(state.deactivated),
        "placed": placed,
    }
