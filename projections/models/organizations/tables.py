"""The tables of organizations, private to their projection; they keep superseded rows.

LINEAGE has a row for each pair of a group and an ancestor, itself included (a closure table). REACH has
the same for registrations, so a page of the registrations below a group is one range of an index. Names
are only in GROUPS, so a rename changes one row. A registration is in its group from the position `placed`.
"""

from sqlalchemy import BigInteger, Column, Integer

from projections.slot_tables import INNER, Word, versioned_tables

GROUPS = versioned_tables(
    "groups",
    lambda: [
        Column("organization_id", BigInteger, primary_key=True, autoincrement=False),
        Column("id", BigInteger, primary_key=True, autoincrement=False),
        Column("name", Word, nullable=False),
        Column("parent_id", BigInteger),
        Column("identifier", Word),
    ],
    within=["organization_id"],
)
LINEAGE = versioned_tables(
    "group_lineage",
    lambda: [
        Column("organization_id", BigInteger, primary_key=True, autoincrement=False),
        Column("group_id", BigInteger, primary_key=True, autoincrement=False),
        Column("ancestor_id", BigInteger, primary_key=True, autoincrement=False),
        Column("distance", Integer, nullable=False),
    ],
    indexes=[("organization_id", "ancestor_id", "group_id")],
    within=None,
)
REGISTRATIONS = versioned_tables(
    "registrations",
    lambda: [
        Column("id", BigInteger, primary_key=True, autoincrement=False),
        Column("organization_id", BigInteger, nullable=False),
        Column("profile_id", BigInteger, nullable=False),
        Column("group_id", BigInteger, nullable=False),
        Column("type", Word, nullable=False),
        Column("created", BigInteger, nullable=False),
        Column("updated", BigInteger, nullable=False),
        Column("deactivated", BigInteger),
        Column("placed", BigInteger, nullable=False, info=INNER),
    ],
    indexes=[("organization_id", "profile_id", "id")],
    rising="id",
    within=None,
)
REACH = versioned_tables(
    "registration_reach",
    lambda: [
        Column("organization_id", BigInteger, primary_key=True, autoincrement=False),
        Column("ancestor_id", BigInteger, primary_key=True, autoincrement=False),
        Column("registration_id", BigInteger, primary_key=True, autoincrement=False),
    ],
    indexes=[("registration_id", "ancestor_id")],
    bounds=REGISTRATIONS.bounds,
    within=["organization_id", "ancestor_id"],
)
