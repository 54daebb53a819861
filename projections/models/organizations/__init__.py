"""Organizations: their groups, and the registrations to them, by group and by profile."""

from projections.models.organizations import tables
from projections.models.organizations.group_rows import GroupRows
from projections.models.organizations.registration_rows import RegistrationRows


class Organizations(GroupRows, RegistrationRows):
    """The tree of each organization's groups, and the registrations to them, in one projection.

    Moving a group changes the reach of registrations, so one projection has both.
    """

    name = "organizations"
    tables = (tables.GROUPS, tables.LINEAGE, tables.REGISTRATIONS, tables.REACH)


PROJECTION = Organizations()
