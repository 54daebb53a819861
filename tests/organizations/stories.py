"""Stories of what registrars do in one organization, told in process."""

from itertools import count
from typing import Any

from hypothesis import strategies as st

from domain.errors import Refusal
from tests.organizations.office import DEEP, NORTH, SOUTH, Office, at
from tests.projections.world import World

ORGANIZATIONS = count(1000)
NUMBERS = [0, NORTH, SOUTH, DEEP, 8, 9]
"""The groups of a story; 0 stands for its organization's root."""
GROUPS, TYPES = st.sampled_from(NUMBERS), st.sampled_from(["patient", "provider"])
MOMENTS = st.sampled_from([None, at(0), at(1)])
IDENTIFIERS = st.sampled_from([None, "a", "b"])
NAMES = st.sampled_from(["Sun", "Moon"])
SOME = st.integers(0, 7)
Step = tuple[str, int, dict[str, Any]]


def said(**optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


PUT = st.tuples(st.just("put"), GROUPS, said(name=NAMES, parent_id=GROUPS, identifier=IDENTIFIERS))
REGISTER = st.tuples(st.just("register"), SOME, said(group_id=GROUPS, type=TYPES))
CHANGE = st.tuples(st.just("change"), SOME, said(group_id=GROUPS, type=TYPES, deactivated=MOMENTS))
PROJECT = st.tuples(st.just("project"), st.just(0), st.just({}))
STORIES = st.lists(st.one_of(PUT, REGISTER, CHANGE, PROJECT), max_size=25)


def tell(world: World, office: Office, story: list[Step]) -> list[int]:
    """Do what a story says, as far as it is not refused; return the ids of its registrations."""
    office.tree()
    made = [office.register(profile) for profile in range(2)]
    for step, which, words in story:
        given = {
            name: office.organization if name in {"group_id", "parent_id"} and value == 0 else value
            for name, value in words.items()
        }
        try:
            if step == "put":
                office.put(which or office.organization, **given)
            elif step == "register":
                made.append(office.register(which, **given))
            elif step == "change":
                office.change(made[which % len(made)], **given)
            else:
                world.project()
        except Refusal:
            continue
    return [each.registration.registration_id for each in made]
