"""The rows of registrations: event handlers and queries."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from sqlalchemy import Select, Table, and_, select

from domain.aggregates.registration import Registration
from projections import lists
from projections.batch_writer import BatchWriter
from projections.models.organizations.subtree import write_reach
from projections.models.organizations.tables import GROUPS, REACH, REGISTRATIONS
from projections.projection import Projection, handles
from projections.snapshots import Snapshot
from projections.times import from_microseconds, to_microseconds

TIMES = ("created", "updated", "deactivated")


class RegistrationRows(Projection):
    """Keep the registrations; the reach of new and moved ones is written at the end of a batch."""

    @handles(Registration.Registered)
    def registered(
        self, writer: BatchWriter, event: Registration.Registered, position: int
    ) -> None:
        """Add the row of a registration."""
        writer.changed[event.registration_id] = False
        created = to_microseconds(event.timestamp)
        writer.upsert(
            REGISTRATIONS,
            id=event.registration_id,
            organization_id=event.organization_id,
            profile_id=event.profile_id,
            group_id=event.group_id,
            type=event.type,
            created=created,
            updated=created,
            deactivated=None,
            placed=position,
        )

    @handles(Registration.Moved)
    def registration_moved(
        self, writer: BatchWriter, event: Registration.Moved, position: int
    ) -> None:
        """Set the group."""
        if event.registration_id in writer.changed:
            write_reach(writer)
        writer.changed[event.registration_id] = True
        _change(writer, event, group_id=event.group_id, placed=position)

    @handles(Registration.TypeChanged)
    def type_changed(
        self, writer: BatchWriter, event: Registration.TypeChanged, position: int
    ) -> None:
        """Set the type."""
        _change(writer, event, type=event.type)

    @handles(Registration.Deactivated)
    def deactivated(
        self, writer: BatchWriter, event: Registration.Deactivated, position: int
    ) -> None:
        """Set the time of deactivation."""
        _change(writer, event, deactivated=to_microseconds(event.deactivated))

    @handles(Registration.Reactivated)
    def reactivated(
        self, writer: BatchWriter, event: Registration.Reactivated, position: int
    ) -> None:
        """Clear the time of deactivation."""
        _change(writer, event, deactivated=None)

    def finish_batch(self, writer: BatchWriter) -> None:
        """Write the reach of new and moved registrations."""
        write_reach(writer)

    def registrations_below(
        self,
        snapshot: Snapshot,
        organization_id: int,
        group_id: int,
        *,
        limit: int,
        after: Sequence[int] | None,
    ) -> list[dict[str, Any]]:
        """Return the registrations to a group and to all below it, by rising id."""
        key = {"organization_id": organization_id, "ancestor_id": group_id}
        if snapshot.as_of is not None:
            order = ("registration_id",)
            found = lists.page(snapshot, REACH, order, limit, after=after, **key)
            return _held(snapshot, [row["registration_id"] for row in found])
        reach = REACH[snapshot.slot]
        where = [reach.c[name] == value for name, value in key.items()]
        if after is not None:
            where.append(reach.c.registration_id > after[0])
        table = REGISTRATIONS[snapshot.slot]
        wanted = _with_groups(table, GROUPS[snapshot.slot])
        wanted = wanted.join(reach, reach.c.registration_id == table.c.id)
        return _rows(snapshot, wanted.where(*where).order_by(reach.c.registration_id).limit(limit))

    def registrations_of_profile(
        self,
        snapshot: Snapshot,
        organization_id: int,
        profile_id: int,
        *,
        limit: int,
        after: Sequence[int] | None = None,
        registration_id: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return the registrations of a profile in an organization, by rising id, or one of them."""
        key = {"organization_id": organization_id, "profile_id": profile_id}
        if registration_id is not None:
            key["id"] = registration_id
        if snapshot.as_of is not None:
            found = lists.page(snapshot, REGISTRATIONS, ("id",), limit, after=after, **key)
            return _held(snapshot, [row["id"] for row in found])
        table = REGISTRATIONS[snapshot.slot]
        where = [table.c[name] == value for name, value in key.items()]
        if after is not None:
            where.append(table.c.id > after[0])
        wanted = _with_groups(table, GROUPS[snapshot.slot])
        return _rows(snapshot, wanted.where(*where).order_by(table.c.id).limit(limit))


def _change(writer: BatchWriter, event: Any, **values: Any) -> None:
    updated = to_microseconds(event.timestamp)
    writer.change(REGISTRATIONS, {"id": event.registration_id}, updated=updated, **values)


def _with_groups(table: Table, groups: Table) -> Select[Any]:
    """Select registrations with the names of their groups."""
    same = and_(
        groups.c.organization_id == table.c.organization_id, groups.c.id == table.c.group_id
    )
    names = [groups.c.name.label("group_name"), groups.c.identifier.label("group_identifier")]
    return select(*lists.shown(table), *names).join_from(table, groups, same)


def _held(snapshot: Snapshot, ids: list[int]) -> list[dict[str, Any]]:
    """Return the registrations with these ids, in this order, as of the snapshot's position."""
    tables = product(lists.holding(snapshot, REGISTRATIONS), lists.holding(snapshot, GROUPS))
    rows: dict[int, dict[str, Any]] = {}
    for (table, held), (groups, named) in tables:
        missing = [each for each in ids if each not in rows]
        if missing:
            which = [*lists.conditions(table, held), *lists.conditions(groups, named)]
            wanted = _with_groups(table, groups).where(table.c.id.in_(missing), *which)
            rows |= {row["id"]: row for row in _rows(snapshot, wanted)}
    return [rows[each] for each in ids]


def _rows(snapshot: Snapshot, wanted: Select[Any]) -> list[dict[str, Any]]:
    rows = [dict(row) for row in snapshot.connection.execute(wanted).mappings()]
    for row in rows:
        row.update({name: from_microseconds(row[name]) for name in TIMES if row[name] is not None})
    return rows
