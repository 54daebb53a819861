"""Whatever registrars do, in whatever order, reads show what a small model says, and a rebuild the same."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import httpx
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from receiver.commands.cli import kitledger
from tests.harness.effort import effort
from tests.harness.service import Service
from tests.organizations.camp import PATIENT, PROVIDER, Camp, expect, where

Row = dict[str, Any]
PEOPLE = [70, 71]
GROUPS = st.integers(0, 5)
"""Groups of an organization: 0 stands for its root, and 5 is not made in the beginning."""
TREES = st.tuples(*(st.integers(0, last) for last in range(4)))
"""A parent for each of the groups 1 to 4."""
PROFILES, TYPES = st.sampled_from(PEOPLE), st.sampled_from([PATIENT, PROVIDER])
NAMES, IDENTIFIERS = st.sampled_from(["Sun", "Nørd ☃"]), st.sampled_from([None, "a", "b"])
MOMENTS = st.sampled_from([None, "2018-01-01 23:32:47.123", "2030-12-31 00:00:00.000"])
WHICH = st.integers(0, 99)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Row]:
    """Say some of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


BY_ID = st.fixed_dictionaries({"groupID": GROUPS})
BY_IDENTIFIER = some(groupID=GROUPS).map(lambda said: said | {"groupIdentifier": "a"})
A_GROUP = BY_ID | BY_ID | BY_IDENTIFIER


class Model:
    """Groups and registrations of one organization by id, as they are sent and shown."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.groups: dict[int, Row] = {}
        self.rows: dict[int, Row] = {}

    def path(self, group: Any) -> list[Any]:
        path = [group]
        while (up := self.groups.get(path[0], {}).get("parentID")) is not None and up not in path:
            path.insert(0, up)
        return path

    def flaw(self) -> int | None:
        """Return the status of the refusal that this state must meet, if it can't be."""
        used = [*self.groups, *(row["groupID"] for row in self.rows.values())]
        rooted = self.groups[self.root]["parentID"] is None
        if not rooted or any(self.path(each)[0] != self.root for each in used):
            return 422
        alone = [row["groupIdentifier"] for row in self.groups.values() if row["groupIdentifier"]]
        active = [row for row in self.rows.values() if row["deactivated"] is None]
        alone += [(row["profileID"], row["groupID"], row["type"]) for row in active]
        return None if len(alone) == len(set(alone)) else 409

    def meant(self, said: Row) -> int | None:
        """Return the group that an identifier or an id means."""
        names = {row["groupIdentifier"]: group for group, row in self.groups.items()}
        return (
            names.get(said["groupIdentifier"]) if said.get("groupIdentifier") else said["groupID"]
        )

    def shown(self, row: Row) -> Row:
        group = self.groups[row["groupID"]]
        return row | {
            name: group[key] for name, key in (("groupName", "name"), ("groupIdentifier",) * 2)
        }

    def listed(self, wanted: Callable[[Row], bool]) -> list[Row]:
        return [self.shown(row) for _, row in sorted(self.rows.items()) if wanted(row)]

    def below(self, group: int) -> list[Row]:
        return self.listed(lambda row: group in self.path(row["groupID"]))

    def of_profile(self, profile: int) -> list[Row]:
        return self.listed(lambda row: row["profileID"] == profile)


class Registrars(RuleBasedStateMachine):
    """One organization, changed over HTTP and in the model alike."""

    service: Service
    fresh: Callable[[], int]

    @initialize(parents=TREES)
    def begin(self, parents: tuple[int, ...]) -> None:
        self.camp = Camp(self.service, self.fresh())
        self.model = Model(self.camp.root)
        self.put_group(0, "Camp", {})
        for group, parent in enumerate(parents, 1):
            self.put_group(group, "Group", {"parentID": parent, "groupIdentifier": f"{group}"})
        self.put_group(4, "Group", {"groupIdentifier": "a"})
        for group in range(1, 5):
            self.register(PEOPLE[0], PATIENT, {"groupID": group})

    @rule(group=GROUPS, name=NAMES, more=some(groupIdentifier=IDENTIFIERS))
    def rename(self, group: int, name: str, more: Row) -> None:
        self.put_group(group, name, more)

    @rule(group=GROUPS, parent=GROUPS)
    def move(self, group: int, parent: int | None) -> None:
        self.put_group(group, "Moved", {"parentID": parent})

    @rule(profile=PROFILES, kind=TYPES, group=A_GROUP)
    def register_one(self, profile: int, kind: str, group: Row) -> None:
        self.register(profile, kind, group)

    def register(self, profile: int, kind: str, group: Row) -> None:
        said = self.real(group)
        row = {"groupID": self.model.meant(said), "type": kind, "profileID": profile}
        row |= {"id": None, "deactivated": None}
        wanted = deepcopy(self.model)
        wanted.rows[-1] = row
        answer = self.camp.ask("POST", f"profiles/{profile}/registrations", said | {"type": kind})
        expect(answer, wanted.flaw() or 201)
        if answer.status_code == 201:
            made = answer.json()
            assert made["created"] == made["updated"]
            self.model.rows[made["id"]] = row | {
                name: made[name] for name in ("id", "created", "updated")
            }
            assert made == self.model.shown(self.model.rows[made["id"]])

    @precondition(lambda self: self.model.rows)
    @rule(which=WHICH, group=st.just({}) | A_GROUP, more=some(type=TYPES, deactivated=MOMENTS))
    def change(self, which: int, group: Row, more: Row) -> None:
        row, said = self.row(which), self.real(group)
        moved = {"groupID": self.model.meant(said)} if said else {}
        self.changed(row, moved | more, lambda: self.camp.put(row, **said, **more))

    @precondition(lambda self: self.model.rows)
    @rule(which=WHICH)
    def reactivate(self, which: int) -> None:
        row = self.row(which)
        self.changed(row, {"deactivated": None}, lambda: self.camp.put(row, deactivated=None))

    @precondition(lambda self: self.model.rows)
    @rule(which=WHICH)
    def deactivate(self, which: int) -> None:
        row = self.row(which)
        self.camp.deactivate(row)
        if row["deactivated"] is None:
            shown = self.camp.get(where(row))
            assert shown["deactivated"] == shown["updated"] >= row["updated"]
            row |= {"deactivated": shown["deactivated"], "updated": shown["updated"]}
        assert self.camp.get(where(row)) == self.model.shown(row)

    @rule(group=GROUPS, profile=PROFILES)
    def look(self, group: int, profile: int) -> None:
        path, number = f"groups/{group or self.camp.root}/registrations", group or self.camp.root
        if number in self.model.groups:
            assert self.camp.get(path) == self.model.below(number)
        else:
            expect(self.camp.ask("GET", path), 404)
        assert self.camp.get(f"profiles/{profile}/registrations") == self.model.of_profile(profile)

    def teardown(self) -> None:
        """Compare every list with the model, and every answer with that of a rebuild from zero."""
        model, kept = self.model, self.everything()
        shown = [
            {"id": each, "parents": model.path(each), **row}
            for each, row in sorted(model.groups.items())
        ]
        assert self.camp.get("groups") == shown
        for group in model.groups:
            assert self.camp.get(f"groups/{group}/registrations") == model.below(group)
        command = ["projections", "rebuild", "organizations"]
        rebuilt = CliRunner(env=self.service.environment).invoke(kitledger, command)
        assert "Rebuilt: organizations." in rebuilt.output, rebuilt.exception
        assert self.everything() == kept

    def everything(self) -> dict[str, tuple[Any, ...]]:
        groups = [f"groups/{each}" for each in self.model.groups]
        people = [f"profiles/{each}" for each in PEOPLE]
        lists = [f"{each}/registrations" for each in (*groups, *people)]
        return self.camp.answers(*groups, *lists, *map(where, self.model.rows.values()))

    def put_group(self, group: int, name: str, more: Row) -> None:
        number, said = group or self.camp.root, self.real(more)
        parent = None if number == self.camp.root else self.camp.root
        before = self.model.groups.get(number, {"parentID": parent, "groupIdentifier": None})
        wanted = deepcopy(self.model)
        wanted.groups[number] = before | {"name": name} | said
        new = 200 if number in self.model.groups else 201
        answer = expect(self.camp.put_group(number, name=name, **said), wanted.flaw() or new)
        if wanted.flaw() is None:
            self.model = wanted
            assert answer.json() == {
                "id": number,
                "parents": wanted.path(number),
                **wanted.groups[number],
            }

    def changed(self, row: Row, said: Row, ask: Callable[[], httpx.Response]) -> None:
        wanted = deepcopy(self.model)
        wanted.rows[row["id"]] |= said
        answer = expect(ask(), wanted.flaw() or 200)
        if answer.status_code == 200:
            shown = answer.json()
            if wanted.rows != self.model.rows:
                assert shown["updated"] >= row["updated"]
                wanted.rows[row["id"]]["updated"] = shown["updated"]
            self.model = wanted
            assert shown == wanted.shown(wanted.rows[row["id"]])

    def row(self, which: int) -> Row:
        return self.model.rows[sorted(self.model.rows)[which % len(self.model.rows)]]

    def real(self, said: Row) -> Row:
        """Put the root's own id in place of 0."""
        groups = ("groupID", "parentID")
        return {k: self.camp.root if k in groups and v == 0 else v for k, v in said.items()}


def test_reads_show_what_a_model_says_and_a_rebuild_from_zero_shows_the_same(
    service: Service, fresh: Callable[[], int]
) -> None:
    class Here(Registrars):
        pass

    Here.service, Here.fresh = service, staticmethod(fresh)
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=effort(3, 10),
            stateful_step_count=30,
            deadline=None,
            # To find a shorter story of a failure would take minutes of HTTP: leave this out for that.
            phases=[Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
