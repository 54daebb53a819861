"""Moving a subtree of groups, and the reach of the registrations in it."""

from typing import Any

from sqlalchemy import Select, and_, delete, insert, literal, select

from projections.batch_writer import KEYS_IN_A_LIST, BatchWriter
from projections.models.organizations.tables import LINEAGE, REACH, REGISTRATIONS

REACH_COLUMNS = ["organization_id", "ancestor_id", "registration_id"]


def write_reach(writer: BatchWriter) -> None:
    """Write the reach of the registrations that this batch added or moved."""
    writer.flush()
    changed, writer.changed = list(writer.changed), {}
    registrations, lineage = REGISTRATIONS[writer.slot], LINEAGE[writer.slot]
    same = and_(
        lineage.c.organization_id == registrations.c.organization_id,
        lineage.c.group_id == registrations.c.group_id,
    )
    reached = select(
        registrations.c.organization_id, lineage.c.ancestor_id, registrations.c.id
    ).join_from(registrations, lineage, same)
    for start in range(0, len(changed), KEYS_IN_A_LIST):
        some = reached.where(registrations.c.id.in_(changed[start : start + KEYS_IN_A_LIST]))
        writer.run(insert(REACH[writer.slot]).from_select(REACH_COLUMNS, some))


def move_subtree(writer: BatchWriter, organization_id: int, group_id: int, parent_id: int) -> None:
    """Move a group, all groups below it, and their registrations below another parent."""
    before = _ancestors(writer, organization_id, group_id)
    after = _ancestors(writer, organization_id, parent_id)
    del before[group_id]
    left = [each for each in before if each not in after]
    joined = [each for each in after if each not in before]
    _leave(writer, organization_id, group_id, left)
    _join(writer, organization_id, group_id, after, joined)


def _ancestors(writer: BatchWriter, organization_id: int, group_id: int) -> dict[int, int]:
    """Return the distance of each group above a group, itself included."""
    lineage = LINEAGE[writer.slot].c
    wanted = select(lineage.ancestor_id, lineage.distance).where(
        lineage.organization_id == organization_id, lineage.group_id == group_id
    )
    return {row.ancestor_id: row.distance for row in writer.connection.execute(wanted)}


def _leave(writer: BatchWriter, organization_id: int, group_id: int, ancestors: list[int]) -> None:
    """Remove the lineage and reach between these ancestors and the subtree of a group."""
    lineage, reach = LINEAGE[writer.slot], REACH[writer.slot]
    writer.run(
        delete(reach).where(
            reach.c.organization_id == organization_id,
            reach.c.ancestor_id.in_(ancestors),
            reach.c.registration_id.in_(_registrations_below(writer, organization_id, group_id)),
        )
    )
    writer.run(
        delete(lineage).where(
            lineage.c.organization_id == organization_id,
            lineage.c.ancestor_id.in_(ancestors),
            lineage.c.group_id.in_(_groups_below(writer, organization_id, group_id)),
        )
    )


def _join(
    writer: BatchWriter,
    organization_id: int,
    group_id: int,
    ancestors: dict[int, int],
    joined: list[int],
) -> None:
    """Add the lineage of the subtree of a group to `ancestors`, and its reach to `joined`."""
    lineage, reach = LINEAGE[writer.slot], REACH[writer.slot]
    registered = _registrations_below(writer, organization_id, group_id)
    subtree = writer.connection.execute(
        select(lineage.c.group_id, lineage.c.distance).where(
            lineage.c.organization_id == organization_id, lineage.c.ancestor_id == group_id
        )
    ).all()
    for each, distance in subtree:
        for ancestor_id, further in ancestors.items():
            writer.upsert(
                LINEAGE,
                organization_id=organization_id,
                group_id=each,
                ancestor_id=ancestor_id,
                distance=distance + 1 + further,
            )
    writer.flush()
    for ancestor_id in joined:
        found = select(
            literal(organization_id),
            literal(ancestor_id),
            registered.subquery().c.registration_id,
        )
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
