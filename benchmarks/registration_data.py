"""The data of the benchmarks of registrations: a tree of groups, and registrations to them."""

from datetime import UTC, datetime
from itertools import islice

from benchmarks.store_under_test import LOADER, StoreUnderTest
from domain.aggregate import Aggregate
from domain.aggregates.claim import Claim
from domain.aggregates.group import Group
from domain.aggregates.registration import Registration

ORGANIZATION, LARGE, SMALL, FIRST_SUBGROUP = 1, 2, 3, 10
SUBGROUPS, SMALL_SIZE = 1000, 10
FANOUT = 32
"""The number of subgroups below each, so that a thousand of them are several levels deep."""
CHUNK = 5000
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def fill(store: StoreUnderTest, amount: int) -> None:
    """Store the tree, `amount` registrations below the large group, and a few to the small one.

    The ids are not taken from the store, at one commit each, so nothing can be registered afterwards.
    """
    save(store, tree(SUBGROUPS))
    numbers = iter(range(1, amount + SMALL_SIZE + 1))
    while chunk := list(islice(numbers, CHUNK)):
        aggregates: list[Aggregate] = []
        for number in chunk:
            subgroup = FIRST_SUBGROUP + number % SUBGROUPS
            aggregates += registered(number, subgroup if number <= amount else SMALL)
        save(store, aggregates)


def tree(subgroups: int) -> list[Aggregate]:
    """Make an organization: a large group with so many subgroups, and a small one."""
    root = ORGANIZATION
    groups = [(root, None), (LARGE, root), (SMALL, root)]
    for index in range(subgroups):
        parent = LARGE if index < FANOUT else FIRST_SUBGROUP + index // FANOUT - 1
        groups.append((FIRST_SUBGROUP + index, parent))
    made: list[Aggregate] = []
    for number, above in groups:
        group = Group(Group.create_id(root, number))
        name = f"Group {number}"
        group.make(now=NOW, organization_id=root, group_id=number, name=name, parent_id=above)
        made.append(group)
    return made


def registered(number: int, group: int) -> tuple[Registration, Claim]:
    """Register a new profile to a group, as the domain does."""
    registration = Registration(Registration.create_id(number))
    registration.register(
        now=NOW,
        organization_id=ORGANIZATION,
        registration_id=number,
        profile_id=number,
        group_id=group,
        type="patient",
    )
    claim = Claim(Claim.registration_key(ORGANIZATION, number, group, "patient"))
    claim.take(number, now=NOW, otherwise=AssertionError("each profile is registered once"))
    return registration, claim


def save(store: StoreUnderTest, aggregates: list[Aggregate]) -> None:
    """Store the aggregates in one transaction."""
    store.services.ledger.caused_by(LOADER).streams.save_aggregates(*aggregates)
