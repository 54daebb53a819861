"""Moving a subtree of groups, and the reach of the registrations in it."""

from typing import Any

from sqlalchemy import BigInteger, Select, and_, insert, literal, select

from projections.batch_writer import INSERTS, KEYS_IN_A_LIST, BatchWriter
from projections.models.organizations.tables import LINEAGE, REACH, REGISTRATIONS

REACH_COLUMNS = ["organization_id", "ancestor_id", "registration_id", "since"]
LINEAGE_COLUMNS = ["organization_id", "group_id", "ancestor_id", "distance", "since"]


def write_reach(writer: BatchWriter) -> None:
    """Write the reach of the registrations that this batch added or moved, from where they are placed."""
    writer.flush()
    changed, writer.changed = list(writer.changed), {}
    registrations, lineage = REGISTRATIONS[writer.slot], LINEAGE[writer.slot]
    same = and_(
        lineage.c.organization_id == registrations.c.organization_id,
        lineage.c.group_id == registrations.c.group_id,
    )
    reached = select(
        registrations.c.organization_id,
        lineage.c.ancestor_id,
        registrations.c.id,
        registrations.c.placed,
    ).join_from(registrations, lineage, same)
    # What reached a moved registration, and still does, is kept.
    add = INSERTS[writer.connection.dialect.name](REACH[writer.slot])
    for start in range(0, len(changed), KEYS_IN_A_LIST):
        some = reached.where(registrations.c.id.in_(changed[start : start + KEYS_IN_A_LIST]))
        writer.run(add.from_select(REACH_COLUMNS, some).on_conflict_do_nothing())


def leave_reach(
    writer: BatchWriter, registration_id: int, organization_id: int, group_id: int
) -> None:
    """Remove a registration from the reach of all groups but those above another group."""
    reach, lineage = REACH[writer.slot], LINEAGE[writer.slot].c
    kept = select(lineage.ancestor_id).where(
        lineage.organization_id == organization_id, lineage.group_id == group_id
    )
    which = (reach.c.registration_id == registration_id, reach.c.ancestor_id.not_in(kept))
    writer.remove(REACH, *which)


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
    lineage = LINEAGE[writer.slot].c
    if further:
        writer.change(
            LINEAGE,
            lineage.organization_id == organization_id,
            lineage.ancestor_id == ancestor_id,
            lineage.group_id.in_(_groups_below(writer, organization_id, group_id)),
            distance=lineage.distance + further,
        )


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
