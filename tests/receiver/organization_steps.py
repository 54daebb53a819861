"""Random changes of one organization, for histories, and all that can be read of it."""

from collections.abc import Callable
from typing import Any, Protocol

from hypothesis import strategies as st

from tests.organizations.camp import PATIENT, PROVIDER, Camp, where

REFUSED = {404, 409, 422}
"""What would close a cycle, or is taken, or not there yet."""
PAGES = ("groups?limit=2", "groups/{root}/registrations?limit=1")
GROUPS, PROFILES = st.integers(0, 3), st.integers(0, 1)
"""Groups of an organization: 0 stands for its root."""


class Told(Protocol):
    """What these steps know of a history: an organization, and the registrations to it."""

    @property
    def camp(self) -> Camp:
        """Return the organization."""

    members: list[Any]


OrganizationStep = Callable[[Told], None]


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Say some of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


def put_group(group: int, said: dict[str, Any]) -> OrganizationStep:
    """Make, rename, identify or move a group; the root comes first."""

    def step(told: Told) -> None:
        if told.camp.ask("GET", "groups").status_code == 404:
            told.camp.make()
        answer = told.camp.put_group(group or told.camp.root, **real(told, {"name": "Sun", **said}))
        assert answer.status_code in {200, 201, *REFUSED}, answer.text

    return step


def enroll(profile: int, said: dict[str, Any]) -> OrganizationStep:
    """Register a profile to a group, if there is one."""

    def step(told: Told) -> None:
        path = f"profiles/{profile}/registrations"
        answer = told.camp.ask("POST", path, real(told, {"groupID": 0, "type": PATIENT, **said}))
        assert answer.status_code in {201, *REFUSED}, answer.text
        if answer.status_code == 201:
            told.members.append(answer.json())

    return step


def change(which: int, said: dict[str, Any]) -> OrganizationStep:
    """Move a registration, change its type, deactivate or reactivate it, if there is any."""

    def step(told: Told) -> None:
        if told.members:
            member = told.members[which % len(told.members)]
            answer = told.camp.put(member, **real(told, said))
            assert answer.status_code in {200, *REFUSED}, answer.text

    return step


def real(told: Told, said: dict[str, Any]) -> dict[str, Any]:
    """Put the root's own id in place of 0."""
    groups = {"groupID", "parentID"}
    return {k: told.camp.root if k in groups and v == 0 else v for k, v in said.items()}


def paths(told: Told) -> list[str]:
    """Return the address of everything in the organization, and of lists, whole and in pages."""
    groups = [f"groups/{each}" for each in ("{root}", 1, 2, 3)]
    lists = [f"{each}/registrations" for each in (*groups, "profiles/0", "profiles/1")]
    made = [where(each) for each in told.members]
    return [told.camp.path(each) for each in ("groups", *groups, *lists, *made, *PAGES)]


TYPES, NAMES = st.sampled_from([PATIENT, PROVIDER]), st.sampled_from(["Sun", "Moon"])
TIMES = st.sampled_from([None, "2018-01-01 23:32:47.123"])
IDENTIFIERS = st.sampled_from([None, "a", "b"])
STEPS: list[st.SearchStrategy[OrganizationStep]] = [
    st.builds(put_group, GROUPS, some(name=NAMES, parentID=GROUPS, groupIdentifier=IDENTIFIERS)),
    st.builds(enroll, PROFILES, some(groupID=GROUPS, type=TYPES)),
    st.builds(change, st.integers(0, 5), some(groupID=GROUPS, type=TYPES, deactivated=TIMES)),
]
