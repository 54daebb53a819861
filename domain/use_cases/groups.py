"""Creating, changing and moving the groups of an organization."""

from dataclasses import dataclass
from datetime import datetime

from domain.aggregate import Aggregate
from domain.aggregates.claim import Claim
from domain.aggregates.group import Group
from domain.aggregates.group_tree import GroupTree
from domain.errors import IdentifierTaken, InvalidField, UnknownOrganization
from domain.ledger import CausedLedger
from domain.stream_repository import StreamRepository
from domain.use_cases.checks import Check
from domain.use_cases.claims import move_claim


@dataclass(frozen=True)
class GroupChange:
    """The wanted values of a group; fields that `sets` does not name keep their values."""

    name: str
    identifier: str | None = None
    parent_id: int | None = None
    sets: frozenset[str] = frozenset()


def put_group(
    ledger: CausedLedger,
    organization_id: int,
    group_id: int,
    change: GroupChange,
    check: Check,
    *,
    now: datetime,
) -> tuple[Group, list[int], bool]:
    """Create or change a group; return it, the path from the root to it, and whether it is new.

    Raises UnknownOrganization, IdentifierTaken, and InvalidField for a parent that is unknown or would
    close a cycle.
    """

    def use_case(repository: StreamRepository) -> tuple[Group, list[int], bool]:
        if group_id != organization_id:
            require_organization(repository, organization_id)
        group = repository.load(Group, Group.create_id(organization_id, group_id))
        made = group.version == 0
        check(*([] if made else [group, _path(repository, organization_id, group_id)]))
        # Loaded before the path, so that a concurrent move is a conflict.
        tree = repository.load(GroupTree, GroupTree.create_id(organization_id))
        parent_id = _parent(repository, group, organization_id, group_id, change)
        if made:
            values = {"organization_id": organization_id, "group_id": group_id}
            group.make(now=now, name=change.name, parent_id=parent_id, **values)
        else:
            group.rename(change.name, now=now)
            _move(tree, group, parent_id, now)
        claims = _identify(repository, group, change, now)
        repository.save_aggregates(group, tree, *claims)
        above = [] if parent_id is None else _path(repository, organization_id, parent_id)
        return group, [*above, group_id], made

    return ledger.run_optimistically(use_case)


def require_organization(repository: StreamRepository, organization_id: int) -> None:
    """Raise UnknownOrganization unless there is a root with this id."""
    if not load_group(repository, organization_id, organization_id).version:
        raise UnknownOrganization("there is no such organization")


def load_group(repository: StreamRepository, organization_id: int, group_id: int) -> Group:
    """Load a group; at version 0 when there is none."""
    return repository.load(Group, Group.create_id(organization_id, group_id))


def _parent(
    repository: StreamRepository,
    group: Group,
    organization_id: int,
    group_id: int,
    change: GroupChange,
) -> int | None:
    """Return the wanted parent of a group; raises InvalidField when it is unknown or below the group."""
    if group_id == organization_id:
        if change.parent_id is not None:
            raise InvalidField("parentID", "The root of an organization has no parent.")
        return None
    if "parent_id" not in change.sets:
        return organization_id if group.version == 0 else group.parent_id
    if change.parent_id is None:
        raise InvalidField("parentID", "Only the root of an organization has no parent.")
    parent = load_group(repository, organization_id, change.parent_id)
    if change.parent_id != group_id and parent.version == 0:
        raise InvalidField("parentID", "There is no such group in this organization.")
    if group_id in _path(repository, organization_id, change.parent_id):
        raise InvalidField("parentID", "A group can't be below itself.")
    return change.parent_id


def _move(tree: GroupTree, group: Group, parent_id: int | None, now: datetime) -> None:
    """Move a group, unless it has this parent already."""
    if parent_id is not None and parent_id != group.parent_id:
        tree.rearrange(group.group_id, parent_id, now=now)
        group.move(parent_id, now=now)


def _path(repository: StreamRepository, organization_id: int, group_id: int) -> list[int]:
    """Return the ids from the root to a group, itself included."""
    path = [group_id]
    while (parent_id := load_group(repository, organization_id, path[0]).parent_id) is not None:
        path.insert(0, parent_id)
    return path


def _identify(
    repository: StreamRepository, group: Group, change: GroupChange, now: datetime
) -> list[Aggregate]:
    """Set the identifier of a group, if one was given; return the claims to save with it."""
    if "identifier" not in change.sets:
        return []
    before, after = (
        None if each is None else Claim.identifier_key(group.organization_id, each)
        for each in (group.identifier, change.identifier)
    )
    refusal = IdentifierTaken("another group of this organization has this groupIdentifier")
    group.identify(change.identifier, now=now)
    return move_claim(repository, before, after, holder=group.group_id, otherwise=refusal, now=now)
