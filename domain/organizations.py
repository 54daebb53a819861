"""What organizations do: keep a tree of groups, and register profiles to them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.aggregate import Aggregate
from domain.claim import Claim
from domain.errors import (
    AlreadyRegistered,
    IdentifierTaken,
    Unacceptable,
    UnknownOrganization,
    UnknownRegistration,
)
from domain.group import Group, GroupTree
from domain.ledger import Ledger
from domain.registration import Registration


@dataclass(frozen=True)
class GroupChange:
    """What a group is to be; `sets` names the fields that were given, the others stay as they are."""

    name: str
    identifier: str | None = None
    parent: int | None = None
    sets: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RegistrationChange:
    """What a registration is to be: fields that are None stay, and `deactivated` if not in `sets`."""

    group: int | None = None
    identifier: str | None = None
    type: str | None = None
    deactivated: datetime | None = None
    sets: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Registered:
    """A registration, and the group that it is to."""

    registration: Registration
    group: Group


Check = Callable[..., None]


class Organizations:
    """The use cases of groups and registrations, on a ledger.

    A check is called with the present state before anything is changed, without any when there is
    none, and may raise: what it looked at is then what was changed, whoever writes at the same time.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def put_group(
        self,
        organization: int,
        group: int,
        change: GroupChange,
        check: Check,
        *,
        now: datetime,
    ) -> tuple[Group, list[int], bool]:
        """Make or change a group; return it, the path from the root to it, and whether it is new.

        Raises UnknownOrganization, IdentifierTaken, and Unacceptable for a parent that is unknown
        or would close a cycle.
        """

        def attempt() -> tuple[Group, list[int], bool]:
            if group != organization:
                self._root(organization)
            found = self._ledger.load(Group, Group.create_id(organization, group))
            made = found.version == 0
            check(*([] if made else [found, self._path(organization, found.parent, group)]))
            saved: list[Aggregate] = [found, *self._placed(found, organization, group, change, now)]
            saved += self._identified(found, change, now) if "identifier" in change.sets else []
            self._ledger.save_aggregates(*saved)
            return found, self._path(organization, found.parent, group), made

        return self._ledger.until_saved(attempt)

    def register(
        self, organization: int, profile: int, change: RegistrationChange, *, now: datetime
    ) -> Registered:
        """Register a profile to a group.

        Raises UnknownOrganization, Unacceptable for an unknown group, and AlreadyRegistered.
        """

        def attempt() -> Registered:
            self._root(organization)
            group = self._group(organization, change)
            kind = change.type or ""
            place = self._claim(Claim.place(organization, profile, group.group, kind))
            if place.holder is not None:
                raise AlreadyRegistered(ALREADY)
            given = self._ledger.store.next_id("registration")
            registration = Registration(Registration.create_id(given))
            registration.register(
                now=now,
                organization=organization,
                registration=given,
                profile=profile,
                group=group.group,
                type=kind,
            )
            place.take(given, now=now, otherwise=AlreadyRegistered(ALREADY))
            self._ledger.save_aggregates(registration, place)
            return Registered(registration, group)

        return self._ledger.until_saved(attempt)

    def change(
        self,
        organization: int,
        profile: int,
        registration: int,
        change: RegistrationChange,
        check: Check,
        *,
        now: datetime,
    ) -> Registered:
        """Change a registration: its group, its type, whether it is active.

        Raises UnknownOrganization, UnknownRegistration, Unacceptable for an unknown group, and
        AlreadyRegistered when that is what another active registration says already.
        """

        def attempt() -> Registered:
            found = self.registration(organization, profile, registration)
            check(found)
            each, group = found.registration, found.group
            if change.group is not None or change.identifier is not None:
                group = self._group(organization, change)
            before = self._place(each)
            deactivated = change.deactivated if "deactivated" in change.sets else each.deactivated
            kind = change.type or each.type
            each.change(now=now, group=group.group, type=kind, deactivated=deactivated)
            places = self._replaced(before, self._place(each), registration, now)
            self._ledger.save_aggregates(each, *places)
            return Registered(each, group)

        return self._ledger.until_saved(attempt)

    def deactivate(
        self,
        organization: int,
        profile: int,
        registration: int,
        check: Check,
        *,
        now: datetime,
    ) -> None:
        """Deactivate a registration now; one that is inactive stays as it is.

        Raises UnknownOrganization and UnknownRegistration.
        """

        def attempt() -> None:
            found = self.registration(organization, profile, registration)
            check(found)
            each = found.registration
            if each.deactivated is None:
                before = self._place(each)
                each.change(now=now, group=each.group, type=each.type, deactivated=now)
                places = self._replaced(before, None, registration, now)
                self._ledger.save_aggregates(each, *places)

        self._ledger.until_saved(attempt)

    def registration(self, organization: int, profile: int, registration: int) -> Registered:
        """Load a registration and its group; raises UnknownOrganization and UnknownRegistration."""
        self._root(organization)
        found = self._ledger.load(Registration, Registration.create_id(registration))
        if found.version == 0 or (found.organization, found.profile) != (organization, profile):
            raise UnknownRegistration("this profile has no such registration")
        group = self._ledger.load(Group, Group.create_id(organization, found.group))
        return Registered(found, group)

    def _root(self, organization: int) -> Group:
        root = self._ledger.load(Group, Group.create_id(organization, organization))
        if root.version == 0:
            raise UnknownOrganization("there is no such organization")
        return root

    def _placed(
        self, found: Group, organization: int, group: int, change: GroupChange, now: datetime
    ) -> list[Aggregate]:
        """Make the group, or rename and move it; return what must be saved with it."""
        # Loaded before the path is walked: a move that another writer makes meanwhile is then noticed.
        tree = self._ledger.load(GroupTree, GroupTree.create_id(organization))
        parent = self._parent(found, organization, group, change)
        if found.version == 0:
            found.make(
                now=now, organization=organization, group=group, name=change.name, parent=parent
            )
            return []
        found.rename(change.name, now=now)
        if parent is None or parent == found.parent:
            return []
        tree.rearrange(group, parent, now=now)
        found.move(parent, now=now)
        return [tree]

    def _parent(
        self, found: Group, organization: int, group: int, change: GroupChange
    ) -> int | None:
        """Return the parent that the group is to have; raises Unacceptable when it can't."""
        if group == organization:
            if change.parent is not None:
                raise Unacceptable("parentID", "The root of an organization has no parent.")
            return None
        if "parent" not in change.sets:
            return organization if found.version == 0 else found.parent
        if change.parent is None:
            raise Unacceptable("parentID", "Only the root of an organization has no parent.")
        above = self._ledger.load(Group, Group.create_id(organization, change.parent))
        if change.parent != group and above.version == 0:
            raise Unacceptable("parentID", "There is no such group in this organization.")
        if group in self._path(
            organization, above.parent if above.version else None, change.parent
        ):
            raise Unacceptable("parentID", "A group can't be below itself.")
        return change.parent

    def _path(self, organization: int, parent: int | None, group: int) -> list[int]:
        path = [group]
        while parent is not None:
            path.insert(0, parent)
            parent = self._ledger.load(Group, Group.create_id(organization, parent)).parent
        return path

    def _identified(self, found: Group, change: GroupChange, now: datetime) -> list[Aggregate]:
        """Give the group its identifier, and others the one that it had."""
        before, after = found.identifier, change.identifier
        if before == after:
            return []
        claims: list[Aggregate] = []
        if before is not None:
            freed = self._claim(Claim.identifier(found.organization, before))
            freed.free(now=now)
            claims.append(freed)
        if after is not None:
            taken = self._claim(Claim.identifier(found.organization, after))
            refusal = IdentifierTaken("another group of this organization has this groupIdentifier")
            taken.take(found.group, now=now, otherwise=refusal)
            claims.append(taken)
        found.identify(after, now=now)
        return claims

    def _group(self, organization: int, change: RegistrationChange) -> Group:
        """Find the group that is meant; the identifier wins over the id."""
        wanted, field = change.group, "groupID"
        if change.identifier is not None:
            wanted = self._claim(Claim.identifier(organization, change.identifier)).holder
            field = "groupIdentifier"
        if wanted is not None:
            group = self._ledger.load(Group, Group.create_id(organization, wanted))
            if group.version:
                return group
        raise Unacceptable(field, "There is no such group in this organization.")

    def _place(self, each: Registration) -> str | None:
        if each.deactivated is not None:
            return None
        return Claim.place(each.organization, each.profile, each.group, each.type)

    def _replaced(
        self, before: str | None, after: str | None, registration: int, now: datetime
    ) -> list[Aggregate]:
        """Give up the place that the registration had, and take the one that it needs."""
        if before == after:
            return []
        freed = self._claim(before) if before else None
        taken = self._claim(after) if after else None
        if taken is not None:
            taken.take(registration, now=now, otherwise=AlreadyRegistered(ALREADY))
        if freed is not None:
            freed.free(now=now)
        return [each for each in (freed, taken) if each is not None]

    def _claim(self, stream: str) -> Claim:
        return self._ledger.load(Claim, stream)


ALREADY = "an active registration of this profile, group and type exists"
