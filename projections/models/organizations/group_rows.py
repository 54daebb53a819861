"""The rows of groups: event handlers and queries."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, insert, literal, select

from domain.aggregates.group import Group
from projections import lists
from projections.batch_writer import BatchWriter
from projections.models.organizations.subtree import move_subtree, write_reach
from projections.models.organizations.tables import GROUPS, LINEAGE
from projections.projection import Projection, handles
from projections.snapshots import Snapshot


class GroupRows(Projection):
    """Keep the groups, and the ancestors of each."""

    @handles(Group.Made)
    def made(self, writer: BatchWriter, event: Group.Made, position: int) -> None:
        """Add the row of a group, and its lineage: its parent's, and itself."""
        organization_id, group_id = event.organization_id, event.group_id
        writer.upsert(
            GROUPS,
            organization_id=organization_id,
            id=group_id,
            name=event.name,
            parent_id=event.parent_id,
            identifier=None,
        )
        lineage = LINEAGE[writer.slot]
        itself = {
            "organization_id": organization_id,
            "group_id": group_id,
            "ancestor_id": group_id,
            "distance": 0,
            "since": position,
        }
        writer.run(insert(lineage).values(**itself))
        if event.parent_id is not None:
            ancestors = select(
                literal(organization_id),
                literal(group_id),
                lineage.c.ancestor_id,
                lineage.c.distance + 1,
                literal(position, BigInteger),
            ).where(
                lineage.c.organization_id == organization_id,
                lineage.c.group_id == event.parent_id,
            )
            writer.run(insert(lineage).from_select(list(itself), ancestors))

    @handles(Group.Renamed)
    def renamed(self, writer: BatchWriter, event: Group.Renamed, position: int) -> None:
        """Set the name."""
        _change(writer, event, name=event.name)

    @handles(Group.Identified)
    def identified(self, writer: BatchWriter, event: Group.Identified, position: int) -> None:
        """Set the identifier."""
        _change(writer, event, identifier=event.identifier)

    @handles(Group.Moved)
    def moved(self, writer: BatchWriter, event: Group.Moved, position: int) -> None:
        """Set the parent, and move all groups and registrations below."""
        # Moving changes written reach only, so that of this batch is written first.
        write_reach(writer)
        _change(writer, event, parent_id=event.parent_id)
        move_subtree(writer, event.organization_id, event.group_id, event.parent_id)

    def group(
        self, snapshot: Snapshot, organization_id: int, group_id: int
    ) -> dict[str, Any] | None:
        """Return one group, with the path from the root to it."""
        return next(iter(_groups(snapshot, organization_id, limit=1, id=group_id)), None)

    def group_page(
        self, snapshot: Snapshot, organization_id: int, *, limit: int, after: Sequence[int] | None
    ) -> list[dict[str, Any]]:
        """Return groups by rising id, from the first after `after`."""
        return _groups(snapshot, organization_id, limit=limit, after=after)


def _change(writer: BatchWriter, event: Any, **values: Any) -> None:
    which = {"organization_id": event.organization_id, "id": event.group_id}
    writer.change(GROUPS, which, **values)


def _groups(snapshot: Snapshot, organization_id: int, **wanted: Any) -> list[dict[str, Any]]:
    """Return groups by rising id, with the paths to them; see lists.page for the arguments."""
    found = lists.page(snapshot, GROUPS, ("id",), organization_id=organization_id, **wanted)
    rows: dict[int, dict[str, Any]] = {row["id"]: {**row, "parents": []} for row in found}
    above = [
        row
        for lineage, held in lists.holding(snapshot, LINEAGE)
        for row in snapshot.connection.execute(
            select(lineage.c.group_id, lineage.c.distance, lineage.c.ancestor_id).where(
                lineage.c.organization_id == organization_id,
                lineage.c.group_id.in_(list(rows)),
                *lists.conditions(lineage, held),
            )
        )
    ]
    for group_id, _, ancestor_id in sorted(above, key=itemgetter(1), reverse=True):
        rows[group_id]["parents"].append(ancestor_id)
    return list(rows.values())
