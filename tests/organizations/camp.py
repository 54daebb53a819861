"""An organization of a test's own, told over HTTP what its registrars do."""

from collections.abc import Sequence
from typing import Any

import httpx

from tests.harness.service import Service

PATIENT, PROVIDER = "patient", "provider"
LISTS = ("groups", "groups/{root}/registrations")
SHOWN = ("etag", "link")


class Camp:
    """One organization, asked through a server; groups and profiles are numbered within it."""

    def __init__(self, service: Service, organization: int) -> None:
        self.service = service
        self.root = organization

    def through(self, service: Service) -> "Camp":
        """Return the same organization, asked through another server."""
        return Camp(service, self.root)

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """Ask for a path below the organization; `{root}` in it is the root's id."""
        if body is not None:
            options["json"] = body
        return self.service.request(method, self.path(path), **options)

    def path(self, path: str) -> str:
        """Return the path of something in the organization."""
        return f"/api/organizations/{self.root}/{path.format(root=self.root)}"

    def get(self, path: str, **options: Any) -> Any:
        """Read something that there is."""
        return expect(self.ask("GET", path, **options), 200).json()

    def make(self, group: int | None = None, name: str = "Group", **said: Any) -> Any:
        """Make a group; without a number, the root."""
        number = self.root if group is None else group
        return expect(self.put_group(number, name=name, **said), 201).json()

    def put_group(self, group: int, /, **said: Any) -> httpx.Response:
        """Ask for a group to be as said."""
        return self.ask("PUT", f"groups/{group}", said)

    def change_group(self, group: int, /, **said: Any) -> Any:
        """Change a group."""
        return expect(self.put_group(group, **said), 200).json()

    def register(self, profile: int, group: int, type: str = PATIENT) -> Any:  # noqa: A002
        """Register a profile."""
        body = {"groupID": group, "type": type}
        return expect(self.ask("POST", f"profiles/{profile}/registrations", body), 201).json()

    def put(self, registration: Any, /, **said: Any) -> httpx.Response:
        """Ask for a registration to be as said."""
        return self.ask("PUT", where(registration), said)

    def change(self, registration: Any, /, **said: Any) -> Any:
        """Change a registration."""
        return expect(self.put(registration, **said), 200).json()

    def deactivate(self, registration: Any) -> None:
        """Deactivate a registration."""
        expect(self.ask("DELETE", where(registration)), 204)

    def below(self, group: int) -> list[int]:
        """List the ids of the registrations to a group and to all below it."""
        return [each["id"] for each in self.get(f"groups/{group}/registrations")]

    def answers(self, *more: str) -> dict[str, tuple[Any, ...]]:
        """Return what each of the organization's lists answers, and each of these paths."""
        found = {path: self.ask("GET", path) for path in (*LISTS, *more)}
        return {
            path: (each.status_code, each.text, [each.headers.get(name) for name in SHOWN])
            for path, each in found.items()
        }


def where(registration: Any) -> str:
    """Return the path of a registration below its organization."""
    return f"profiles/{registration['profileID']}/registrations/{registration['id']}"


def expect(answer: httpx.Response, status: int) -> httpx.Response:
    """Return an answer, after making sure of its status."""
    assert answer.status_code == status, f"{answer.request.url}: {answer.text}"
    return answer


def statuses(answers: Sequence[httpx.Response]) -> list[int]:
    """Return the sorted statuses of some answers."""
    return sorted(each.status_code for each in answers)
