"""Groups of organizations, and the registrations to them, by group and by profile."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    Select,
    and_,
    delete,
    insert,
    literal,
    select,
    update,
)

from domain.group import Group
from domain.registration import Registration
from projections.projection import Projection, Rows, Word, handles, micros, moment, slots
from projections.views import View

TIMES = ("created", "updated", "deactivated")


class Organizations(Projection):
    """The tree of each organization's groups, and who is registered where.

    `lineage` says of each group what stands above it, itself included. `reach` says the same of each
    registration: from there, a page of all registrations below a group is one seek, however many
    groups they are spread over. Names stand with the groups alone, so a rename touches one row.
    """

    name = "organizations"
    groups = slots(
        "groups",
        lambda: [
            Column("organization", BigInteger, primary_key=True, autoincrement=False),
            Column("id", BigInteger, primary_key=True, autoincrement=False),
            Column("name", Word, nullable=False),
            Column("parent", BigInteger),
            Column("identifier", Word),
        ],
    )
    lineage = slots(
        "group_lineage",
        lambda: [
            Column("organization", BigInteger, primary_key=True, autoincrement=False),
            Column("group", BigInteger, primary_key=True, autoincrement=False),
            Column("above", BigInteger, primary_key=True, autoincrement=False),
            Column("distance", Integer, nullable=False),
        ],
        indexes=[("organization", "above", "group")],
    )
    registrations = slots(
        "registrations",
        lambda: [
            Column("id", BigInteger, primary_key=True, autoincrement=False),
            Column("organization", BigInteger, nullable=False),
            Column("profile", BigInteger, nullable=False),
            Column("group", BigInteger, nullable=False),
            Column("type", Word, nullable=False),
            Column("created", BigInteger, nullable=False),
            Column("updated", BigInteger, nullable=False),
            Column("deactivated", BigInteger),
        ],
        indexes=[("organization", "profile", "id"), ("organization", "group", "id")],
    )
    reach = slots(
        "registration_reach",
        lambda: [
            Column("organization", BigInteger, primary_key=True, autoincrement=False),
            Column("above", BigInteger, primary_key=True, autoincrement=False),
            Column("registration", BigInteger, primary_key=True, autoincrement=False),
        ],
        indexes=[("registration", "above")],
    )
    tables = (groups, lineage, registrations, reach)

    @handles(Group.Made)
    def made(self, rows: Rows, event: Group.Made, position: int) -> None:
        """List a group, below all that its parent is below."""
        organization, group = event.organization, event.group
        rows.upsert(
            self.groups,
            organization=organization,
            id=group,
            name=event.name,
            parent=event.parent,
            identifier=None,
        )
        lineage = self.lineage[rows.slot]
        itself = {"organization": organization, "group": group, "above": group, "distance": 0}
        rows.run(insert(lineage).values(**itself))
        if event.parent is not None:
            above = select(
                literal(organization), literal(group), lineage.c.above, lineage.c.distance + 1
            ).where(lineage.c.organization == organization, lineage.c.group == event.parent)
            rows.run(insert(lineage).from_select(list(itself), above))

    @handles(Group.Renamed)
    def renamed(self, rows: Rows, event: Group.Renamed, position: int) -> None:
        """Show the new name."""
        rows.change(self._group(rows, event).values(name=event.name))

    @handles(Group.Identified)
    def identified(self, rows: Rows, event: Group.Identified, position: int) -> None:
        """Show the new identifier."""
        rows.change(self._group(rows, event).values(identifier=event.identifier))

    @handles(Group.Moved)
    def moved(self, rows: Rows, event: Group.Moved, position: int) -> None:
        """Put the group, all groups below it, and their registrations below what is above now."""
        self.settle(rows)
        organization, group = event.organization, event.group
        rows.change(self._group(rows, event).values(parent=event.parent))
        before = self._above(rows, organization, group)
        after = self._above(rows, organization, event.parent)
        del before[group]
        self._leave(rows, organization, group, [each for each in before if each not in after])
        self._join(rows, organization, group, after, [each for each in after if each not in before])

    @handles(Registration.Registered)
    def registered(self, rows: Rows, event: Registration.Registered, position: int) -> None:
        """List a registration."""
        rows.touched[event.registration] = None
        rows.upsert(
            self.registrations,
            id=event.registration,
            organization=event.organization,
            profile=event.profile,
            group=event.group,
            type=event.type,
            created=micros(event.timestamp),
            updated=micros(event.timestamp),
            deactivated=None,
        )

    @handles(Registration.Moved)
    def registration_moved(self, rows: Rows, event: Registration.Moved, position: int) -> None:
        """Show the registration with its new group."""
        reach = self.reach[rows.slot]
        rows.touched[event.registration] = None
        rows.run(delete(reach).where(reach.c.registration == event.registration))
        self._change(rows, event, group=event.group)

    @handles(Registration.TypeChanged)
    def type_changed(self, rows: Rows, event: Registration.TypeChanged, position: int) -> None:
        """Show the new type."""
        self._change(rows, event, type=event.type)

    @handles(Registration.Deactivated)
    def deactivated(self, rows: Rows, event: Registration.Deactivated, position: int) -> None:
        """Show since when it is inactive."""
        self._change(rows, event, deactivated=micros(event.deactivated))

    @handles(Registration.Reactivated)
    def reactivated(self, rows: Rows, event: Registration.Reactivated, position: int) -> None:
        """Show that it is active."""
        self._change(rows, event, deactivated=None)

    def settle(self, rows: Rows) -> None:
        """Write what the registrations that came or moved are below of."""
        rows.flush()
        touched, rows.touched = list(rows.touched), {}
        registrations, lineage = self.registrations[rows.slot], self.lineage[rows.slot]
        same = and_(
            lineage.c.organization == registrations.c.organization,
            lineage.c.group == registrations.c.group,
        )
        reached = select(
            registrations.c.organization, lineage.c.above, registrations.c.id
        ).join_from(registrations, lineage, same)
        for start in range(0, len(touched), 500):
            some = reached.where(registrations.c.id.in_(touched[start : start + 500]))
            names = ["organization", "above", "registration"]
            rows.run(insert(self.reach[rows.slot]).from_select(names, some))

    def group(self, view: View, organization: int, group: int) -> dict[str, Any] | None:
        """Return one group, with the path from the root to it."""
        table = self.groups[view.slot]
        return next(iter(self._groups(view, organization, [table.c.id == group], 1)), None)

    def group_page(
        self, view: View, organization: int, *, limit: int, after: Sequence[int] | None
    ) -> list[dict[str, Any]]:
        """Return groups by rising id, from the first after `after`."""
        table = self.groups[view.slot]
        where = [] if after is None else [table.c.id > after[0]]
        return self._groups(view, organization, where, limit)

    def below(
        self, view: View, organization: int, group: int, *, limit: int, after: Sequence[int] | None
    ) -> list[dict[str, Any]]:
        """Return the registrations to a group and to all below it, by rising id."""
        reach = self.reach[view.slot]
        table = self.registrations[view.slot]
        where = [reach.c.organization == organization, reach.c.above == group]
        if after is not None:
            where.append(reach.c.registration > after[0])
        wanted = self._named(view).join(reach, reach.c.registration == table.c.id)
        return self._shown(view, wanted.where(*where).order_by(reach.c.registration).limit(limit))

    def of_profile(
        self,
        view: View,
        organization: int,
        profile: int,
        *,
        limit: int,
        after: Sequence[int] | None = None,
        registration: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return the registrations of a profile in an organization, by rising id, or one of them."""
        table = self.registrations[view.slot]
        where = [table.c.organization == organization, table.c.profile == profile]
        if after is not None:
            where.append(table.c.id > after[0])
        if registration is not None:
            where.append(table.c.id == registration)
        return self._shown(view, self._named(view).where(*where).order_by(table.c.id).limit(limit))

    def _named(self, view: View) -> Select[Any]:
        """Select registrations with the names of their groups."""
        groups, table = self.groups[view.slot], self.registrations[view.slot]
        same = and_(groups.c.organization == table.c.organization, groups.c.id == table.c.group)
        named = [groups.c.name.label("group_name"), groups.c.identifier.label("group_identifier")]
        return select(table, *named).join(groups, same)

    def _shown(self, view: View, wanted: Select[Any]) -> list[dict[str, Any]]:
        rows = [dict(row) for row in view.connection.execute(wanted).mappings()]
        for row in rows:
            row.update({name: moment(row[name]) for name in TIMES if row[name] is not None})
        return rows

    def _groups(
        self, view: View, organization: int, where: Sequence[ColumnElement[bool]], limit: int
    ) -> list[dict[str, Any]]:
        table, lineage = self.groups[view.slot], self.lineage[view.slot]
        wanted = select(table).where(table.c.organization == organization, *where)
        found = view.connection.execute(wanted.order_by(table.c.id).limit(limit)).mappings()
        rows: dict[int, dict[str, Any]] = {row["id"]: {**row, "parents": []} for row in found}
        above = (
            select(lineage.c.group, lineage.c.above)
            .where(lineage.c.organization == organization, lineage.c.group.in_(list(rows)))
            .order_by(lineage.c.group, lineage.c.distance.desc())
        )
        for group, each in view.connection.execute(above):
            rows[group]["parents"].append(each)
        return list(rows.values())

    def _group(self, rows: Rows, event: Any) -> Any:
        table = self.groups[rows.slot]
        which = (table.c.organization == event.organization, table.c.id == event.group)
        return update(table).where(*which)

    def _change(self, rows: Rows, event: Any, **values: Any) -> None:
        table = self.registrations[rows.slot]
        changed = update(table).where(table.c.id == event.registration)
        rows.change(changed.values(updated=micros(event.timestamp), **values))

    def _above(self, rows: Rows, organization: int, group: int) -> dict[int, int]:
        """Return what is above a group, itself included, with the distances."""
        lineage = self.lineage[rows.slot].c
        wanted = select(lineage.above, lineage.distance).where(
            lineage.organization == organization, lineage.group == group
        )
        return {row.above: row.distance for row in rows.connection.execute(wanted)}

    def _leave(self, rows: Rows, organization: int, group: int, above: list[int]) -> None:
        """Take the subtree of a group, and its registrations, from below these groups."""
        lineage, reach = self.lineage[rows.slot], self.reach[rows.slot]
        registered = self._registered_below(rows, organization, group)
        rows.run(
            delete(reach).where(
                reach.c.organization == organization,
                reach.c.above.in_(above),
                reach.c.registration.in_(registered),
            )
        )
        rows.run(
            delete(lineage).where(
                lineage.c.organization == organization,
                lineage.c.above.in_(above),
                lineage.c.group.in_(self._below(rows, organization, group)),
            )
        )

    def _join(
        self, rows: Rows, organization: int, group: int, after: dict[int, int], joined: list[int]
    ) -> None:
        """Put the subtree of a group, and its registrations, below these groups."""
        lineage, reach = self.lineage[rows.slot], self.reach[rows.slot]
        registered = self._registered_below(rows, organization, group)
        subtree = rows.connection.execute(
            select(lineage.c.group, lineage.c.distance).where(
                lineage.c.organization == organization, lineage.c.above == group
            )
        ).all()
        for each, distance in subtree:
            for above, further in after.items():
                rows.upsert(
                    self.lineage,
                    organization=organization,
                    group=each,
                    above=above,
                    distance=distance + 1 + further,
                )
        rows.flush()
        for above in joined:
            found = select(
                literal(organization), literal(above), registered.subquery().c.registration
            )
            names = ["organization", "above", "registration"]
            rows.run(insert(reach).from_select(names, found))

    def _below(self, rows: Rows, organization: int, group: int) -> Select[Any]:
        lineage = self.lineage[rows.slot].alias()
        return select(lineage.c.group).where(
            lineage.c.organization == organization, lineage.c.above == group
        )

    def _registered_below(self, rows: Rows, organization: int, group: int) -> Select[Any]:
        reach = self.reach[rows.slot].alias()
        return select(reach.c.registration).where(
            reach.c.organization == organization, reach.c.above == group
        )
