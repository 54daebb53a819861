"""What sources may tell, in any order and repeatedly, and the plainest account of where it ends."""

import itertools
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from domain.observation import CurrentStatus
from tests.domain.scene import NOON, kit, report

STATUSES = ("KIT_SHIPPED", "KIT_FAILED", "KIT_RECEIVED")
REASONS = (None, None, "leaked", "empty")
_fresh = itertools.count(1)


@dataclass(frozen=True)
class Said:
    """One thing that one source said: of kit number `thing`, or of the report of that number."""

    event_id: int
    source: str
    of_kit: bool
    thing: int
    status: str
    reason: str | None
    shipment_id: int | None

    def envelope(self, world: int) -> dict[str, Any]:
        """Return it as it is sent; each world has kits and reports of its own."""
        told = {"status": self.status, "reason": self.reason}
        if self.of_kit:
            return kit(
                self.event_id, barcode(world, self.thing), shipment_id=self.shipment_id, **told
            )
        return report(self.event_id, report_id(world, self.thing), **told)


def barcode(world: int, thing: int) -> str:
    """Name a kit of a world."""
    return f"K{world}-{thing}"


def report_id(world: int, thing: int) -> int:
    """Name a report of a world."""
    return world * 10 + thing


def source(world: int, name: str) -> str:
    """Name a source of a world."""
    return f"{name}-{world}"


def fresh_world() -> int:
    """Number a world, so that the examples of one property can share one file."""
    return next(_fresh)


@dataclass(frozen=True)
class Story:
    """What is said, and how it comes: bodies of one source each, single or in arrays, with repeats."""

    said: tuple[Said, ...]
    bodies: tuple[tuple[Said, ...], ...]

    def sent(self, world: int) -> list[tuple[str, Any]]:
        """Return each source and body, in the order of arrival; a body of one is no array."""
        return [
            (
                source(world, body[0].source),
                body[0].envelope(world)
                if len(body) == 1
                else [said.envelope(world) for said in body],
            )
            for body in self.bodies
        ]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw what is said, then an order of arrival in which everything comes at least once."""
    keys = draw(
        st.lists(
            st.tuples(st.integers(1, 9), st.sampled_from("ab")), min_size=1, max_size=9, unique=True
        )
    )
    said = tuple(
        Said(
            event_id,
            name,
            draw(st.booleans()),
            draw(st.integers(1, 2)),
            draw(st.sampled_from(STATUSES)),
            draw(st.sampled_from(REASONS)),
            draw(st.sampled_from((None, 1, 2))),
        )
        for event_id, name in keys
    )
    arrivals = draw(
        st.permutations(said + tuple(draw(st.lists(st.sampled_from(said), max_size=5))))
    )
    bodies: list[tuple[Said, ...]] = []
    for each in arrivals:
        if bodies and bodies[-1][0].source == each.source and draw(st.booleans()):
            bodies[-1] = (*bodies[-1], each)
        else:
            bodies.append((each,))
    return Story(said, tuple(bodies))


def expected(said: list[Said]) -> CurrentStatus | None:
    """Say how a thing must stand when all of this was said of it, by the words of the contract.

    The status is that of the highest event; the reason is the newest one given since that status
    began, the shipment the newest one given at all.
    """
    newest_first = sorted(said, key=lambda each: (each.event_id, each.source), reverse=True)
    if not newest_first:
        return None
    status = newest_first[0].status
    since = itertools.takewhile(lambda each: each.status == status, newest_first)
    reason = next((each.reason for each in since if each.reason is not None), None)
    shipments = [each.shipment_id for each in newest_first if each.of_kit]
    shipment_id = next((each for each in shipments if each is not None), None)
    own = {} if shipment_id is None else {"shipment_id": shipment_id}
    return CurrentStatus(status, reason, NOON, NOON, own)


def standings(story: Story, world: int) -> dict[str | int, CurrentStatus | None]:
    """Return how each kit, by its barcode, and each report, by its id, must stand in the end."""
    kits: dict[str | int, CurrentStatus | None] = {
        barcode(world, thing): expected([s for s in story.said if s.of_kit and s.thing == thing])
        for thing in (1, 2)
    }
    reports: dict[str | int, CurrentStatus | None] = {
        report_id(world, thing): expected(
            [s for s in story.said if not s.of_kit and s.thing == thing]
        )
        for thing in (1, 2)
    }
    return kits | reports
