"""Random histories of a service, and all that can be read of them.

A step changes something by a request or a command. To let histories know more, add a strategy of steps
to STEPS and what it makes to `Told.paths`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from tests.harness.service import Service
from tests.organizations.camp import Camp
from tests.receiver import organization_steps
from tests.receiver.examples import kit_event, note, report_event

FIRST_DAY = datetime(2001, 1, 1, tzinfo=UTC)
LETTERS = str.maketrans("0123456789", "ABCDEFGHIJ")
WHOLE = 1000


@dataclass
class Told:
    """A history as far as it was told, in which all names and numbers come from `number`."""

    service: Service
    number: int
    held: list[int] = field(default_factory=list)
    registrations: list[int] = field(default_factory=list)
    members: list[Any] = field(default_factory=list)

    @property
    def camp(self) -> Camp:
        """Return the organization of this history."""
        return Camp(self.service, self.number)

    def status(self, which: int) -> str:
        """Name a status that only this history has."""
        return f"S{which}_{self.number}".translate(LETTERS)

    def barcode(self, which: int) -> str:
        """Name a kit."""
        return f"AS{self.number}-{which}"

    def id(self, which: int) -> int:
        """Number an event, a report, a customer."""
        return 10 * self.number + which

    def day(self, hours: int) -> str:
        """Return a time of the day that only this history has, for a query string too."""
        time = FIRST_DAY + timedelta(days=self.number, hours=hours)
        return time.strftime("%Y-%m-%d %H:%M:%S")

    def paths(self) -> list[str]:
        """Return the address of everything that was made, and of lists with and without filters."""
        kits = [f"/api/v1/kits/{self.barcode(which)}/" for which in range(3)]
        reports = [f"/api/v1/reports/{self.id(which)}/" for which in range(3)]
        made = [f"/api/v1/kit-registrations/{each}/" for each in self.registrations]
        return [*kits, *reports, *made, *self.lists(), *organization_steps.paths(self)]

    def lists(self) -> list[str]:
        """Return lists, whole and in small pages."""
        queries: list[tuple[str, dict[str, Any]]] = [
            *((each, {"limit": WHOLE}) for each in ("kits", "reports", "events")),
            *(("kits", {"status": self.status(which), "limit": 1}) for which in range(2)),
            *(("reports", {"status": self.status(which), "limit": 2}) for which in range(2)),
            ("events", {"type": f"note.{self.number}", "limit": 1}),
            ("events", {"created_at__gte": self.day(0), "created_at__lt": self.day(9), "limit": 2}),
            ("events", {"created_at__gte": self.day(3), "source": "lab", "limit": WHOLE}),
            ("kit-registrations", {"limit": WHOLE}),
            ("kit-registrations", {"customer": self.id(0), "limit": 1}),
            ("customer-kit-registrations", {"kit": self.barcode(0), "limit": 1}),
        ]
        return [f"/api/v1/{name}/?{urlencode(query)}" for name, query in queries]


Step = Callable[[Told], None]


def send(event: int, what: str, thing: int, status: int, hour: int, reason: str | None) -> Step:
    """Send an event; one of the same number with another content is held."""

    def step(told: Told) -> None:
        state = told.status(status)
        body = {
            "kit": lambda number: kit_event(number, told.barcode(thing), state, reason=reason),
            "report": lambda number: report_event(number, told.id(thing), state, reason=reason),
            "note": lambda number: note(number, type=f"note.{told.number}", data={"of": thing}),
        }[what](told.id(event))
        answer = told.service.post_webhook({**body, "created_at": told.day(hour)})
        assert answer.status_code in {200, 202, 409}, answer.text
        if answer.status_code == 409:
            told.held.append(answer.json()["quarantine"])

    return step


def release(told: Told) -> None:
    """Release all that is held, which replaces what was recorded."""
    if told.held:
        held = sorted(set(map(str, told.held)), key=int)
        told.service.here("quarantine", "release", *held, "--yes", check=False)
        told.held.clear()


def register(customer: int, kit: int) -> Step:
    """Register a kit, maybe again."""

    def step(told: Told) -> None:
        new = {"customer": told.id(customer), "kit": told.barcode(kit)}
        answer = told.service.post("/api/v1/kit-registrations/", new)
        assert answer.status_code in {200, 201, 409}, answer.text
        if answer.status_code == 201:
            told.registrations.append(answer.json()["id"])

    return step


def verify(which: int, date: str | None) -> Step:
    """Set or clear the verification date of a registration, if there is any."""

    def step(told: Told) -> None:
        if told.registrations:
            number = told.registrations[which % len(told.registrations)]
            body = {"verification_date": date}
            answer = told.service.patch(f"/api/v1/kit-registrations/{number}/", body)
            assert answer.status_code == 200, answer.text

    return step


FEW = st.integers(0, 2)
STEPS: list[st.SearchStrategy[Step]] = [
    st.builds(
        send,
        st.integers(0, 4),
        st.sampled_from(["kit", "kit", "report", "note"]),
        FEW,
        st.integers(0, 1),
        st.integers(0, 11),
        st.sampled_from([None, "broken"]),
    ),
    st.just(release),
    st.builds(register, st.integers(0, 1), FEW),
    st.builds(verify, FEW, st.sampled_from([None, "2017-11-24", "2018-01-01"])),
    *organization_steps.STEPS,
]


def histories() -> st.SearchStrategy[list[Step]]:
    """Draw the steps of a history; most send something."""
    return st.lists(st.one_of(STEPS[0], *STEPS), min_size=4, max_size=20)
