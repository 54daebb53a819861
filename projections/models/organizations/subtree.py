"""Moving a subtree of groups, and the reach of the registrations in it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    delete,
    exists,
    insert,
    literal,
    select,
    update,
)

from projections.batch_writer import INSERTS, KEYS_IN_A_LIST, BatchWriter
from projections.models.organizations.tables import LINEAGE, REACH, REGISTRATIONS

REACH_COLUMNS = ["organization_id", "ancestor_id", "registration_id", "since"]
LINEAGE_COLUMNS = ["organization_id", "group_id", "ancestor_id", "distance", "since"]


def write_reach(writer: BatchWriter) -> None:
    """Write the reach of the registrations that this batch added or moved, from where they are placed.

    `changed` has their ids, each with whether it was moved.
    """
    writer.flush()
    changed, writer.changed = writer.changed, {}
    moved = [each for each in changed if changed[each]]
    _leave_reach(writer, moved)
    registrations, lineage = REGISTRATIONS[writer.slot].c, LINEAGE[writer.slot].c
    reached = select(
        registrations.organization_id, lineage.ancestor_id, registrations.id, registrations.placed
    ).where(*_is_above(writer))
    add = INSERTS[writer.connection.dialect.name](REACH[writer.slot])
    for some in _lists([each for each in changed if not changed[each]]):
        writer.run(add.from_select(REACH_COLUMNS, reached.where(registrations.id.in_(some))))
    for some in _lists(moved):
        # What reached a moved registration, and still does, is kept.
        found = add.from_select(REACH_COLUMNS, reached.where(registrations.id.in_(some)))
        writer.run(found.on_conflict_do_nothing())


def _leave_reach(writer: BatchWriter, moved: list[int]) -> None:
    """Remove the reach of moved registrations to groups that are not above them any more."""
    reach, registrations = REACH[writer.slot], REGISTRATIONS[writer.slot].c
    is_above = [*_is_above(writer), LINEAGE[writer.slot].c.ancestor_id == reach.c.ancestor_id]
    left = select(*reach.c, registrations.placed).where(
        registrations.id == reach.c.registration_id,
        ~exists().where(*is_above).correlate(reach, REGISTRATIONS[writer.slot]),
    )
    past = REACH.past[writer.slot]
    for some in _lists(moved):
        found = left.where(reach.c.registration_id.in_(some))
        writer.run(insert(past).from_select([*REACH_COLUMNS, "until"], found))
        gone = exists().where(*(past.c[name] == reach.c[name] for name in REACH_COLUMNS))
        writer.run(delete(reach).where(reach.c.registration_id.in_(some), gone))


def _is_above(writer: BatchWriter) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a registration's group, and all above it."""
    registrations, lineage = REGISTRATIONS[writer.slot].c, LINEAGE[writer.slot].c
    return (
        lineage.organization_id == registrations.organization_id,
        lineage.group_id == registrations.group_id,
    )


def _lists(keys: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), KEYS_IN_A_LIST):
        yield keys[start : start + KEYS_IN_A_LIST]


def move_subtree(writer: BatchWriter, organization_id: int, group_id: int, parent_id: int) -> None:
    """Move a group, all groups below it, and their registrations below another parent."""
    before = _ancestors(writer, organization_id, group_id)
    after = _ancestors(writer, organization_id, parent_id)
    del before[group_id]
    _leave(writer, organization_id, group_id, [each for each in before if each not in after])
    for ancestor_id, distance in after.items():
        further = distance + 1
        if ancestor_id in before:
            _shift(writer, organization_id, group_id, ancestor_id, further - before[ancestor_id])
        else:
            _join(writer, organization_id, group_id, ancestor_id, further)


def _ancestors(writer: BatchWriter, organization_id: int, group_id: int) -> dict[int, int]:
    """Return the distance of each group above a group, itself included."""
    lineage = LINEAGE[writer.slot].c
    wanted = select(lineage.ancestor_id, lineage.distance).where(
        lineage.organization_id == organization_id, lineage.group_id == group_id
    )
    return {row.ancestor_id: row.distance for row in writer.connection.execute(wanted)}


def _leave(writer: BatchWriter, organization_id: int, group_id: int, ancestors: list[int]) -> None:
    """Remove the lineage and reach between these ancestors and the subtree of a group."""
    lineage, reach = LINEAGE[writer.slot].c, REACH[writer.slot].c
    writer.remove(
        REACH,
        reach.organization_id == organization_id,
        reach.ancestor_id.in_(ancestors),
        reach.registration_id.in_(_registrations_below(writer, organization_id, group_id)),
    )
    writer.remove(
        LINEAGE,
        lineage.organization_id == organization_id,
        lineage.ancestor_id.in_(ancestors),
        lineage.group_id.in_(_groups_below(writer, organization_id, group_id)),
    )


def _shift(
    writer: BatchWriter, organization_id: int, group_id: int, ancestor_id: int, further: int
) -> None:
    """Set the subtree of a group so much further below an ancestor."""
    lineage = LINEAGE[writer.slot]
    which = (
        lineage.c.organization_id == organization_id,
        lineage.c.ancestor_id == ancestor_id,
        lineage.c.group_id.in_(_groups_below(writer, organization_id, group_id)),
    )
    if further:
        writer.retire(LINEAGE, *which)
        values = {"distance": lineage.c.distance + further, "since": writer.position}
        writer.run(update(lineage).where(*which).values(values))


def _join(
    writer: BatchWriter, organization_id: int, group_id: int, ancestor_id: int, further: int
) -> None:
    """Add the lineage and the reach of the subtree of a group to an ancestor."""
    lineage, reach = LINEAGE[writer.slot], REACH[writer.slot]
    since = literal(writer.position, BigInteger)
    above = (literal(organization_id), literal(ancestor_id))
    groups = select(above[0], lineage.c.group_id, above[1], lineage.c.distance + further, since)
    groups = groups.where(
        lineage.c.organization_id == organization_id, lineage.c.ancestor_id == group_id
    )
    writer.run(insert(lineage).from_select(LINEAGE_COLUMNS, groups))
    registered = _registrations_below(writer, organization_id, group_id).subquery()
    found = select(*above, registered.c.registration_id, since)
    writer.run(insert(reach).from_select(REACH_COLUMNS, found))


def _groups_below(writer: BatchWriter, organization_id: int, group_id: int) -> Select[Any]:
    lineage = LINEAGE[writer.slot].alias()
    return select(lineage.c.group_id).where(
        lineage.c.organization_id == organization_id, lineage.c.ancestor_id == group_id
    )


def _registrations_below(writer: BatchWriter, organization_id: int, group_id: int) -> Select[Any]:
    reach = REACH[writer.slot].alias()
    return select(reach.c.registration_id).where(
        reach.c.organization_id == organization_id, reach.c.ancestor_id == group_id
    )
