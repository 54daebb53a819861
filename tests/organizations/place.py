"""A camp to which everything is refused: it stays as it was made."""

from typing import Any

from tests.organizations.camp import PROVIDER, Camp
from tests.receiver.examples import position, problem

NORTH, SOUTH, DEEP, UNKNOWN = 1, 2, 3, 9
MINE, POST = "profiles/70/registrations/{patient}", "profiles/70/registrations"
JSON = {"content-type": "application/json"}
Case = tuple[str, str, Any]


class Place:
    """A camp with some groups and registrations, whose ids paths and bodies may name."""

    def __init__(self, camp: Camp, nobody: int) -> None:
        self.camp = camp
        camp.make(NORTH, groupIdentifier="north")
        camp.make(SOUTH, groupIdentifier="south")
        camp.make(DEEP, parentID=NORTH)
        gone = camp.register(70, NORTH)
        camp.deactivate(gone)
        made = {
            "gone": gone,
            "patient": camp.register(70, NORTH),
            "provider": camp.register(70, NORTH, PROVIDER),
            "southern": camp.register(70, SOUTH),
            "other": camp.register(71, NORTH),
        }
        self.ids = {name: each["id"] for name, each in made.items()} | {"nobody": nobody}
        self._made = self._shown()

    def path(self, path: str) -> str:
        """Return a path with its ids put in."""
        return path.format(**self.ids, root=self.camp.root)

    def refused(self, case: Case, status: int, **options: Any) -> dict[str, Any]:
        """Ask, and return the problem after making sure that nothing was written."""
        method, path, body = case
        if isinstance(body, bytes):
            options = {"headers": JSON, "content": body, **options}
        elif body is not None:
            options["json"] = body
        refusal = problem(self.camp.ask(method, self.path(path), **options), status)
        self.make_sure()
        return refusal

    def make_sure(self) -> None:
        """Make sure that everything is as it was made."""
        assert self._shown() == self._made

    def _shown(self) -> tuple[Any, ...]:
        return position(self.camp.service), self.camp.answers("profiles/70/registrations")
