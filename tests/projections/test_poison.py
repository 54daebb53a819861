"""An event that a projection can't take stops that one alone, and is passed only when told to."""

import random
import re
import string
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent

from domain.aggregates.kit import Kit
from domain.messages import InvalidEnvelope, Message
from projections.models.events import Events
from projections.models.kits import Kits
from projections.rebuild import RebuildStopped, rebuild
from projections.status import NotStopped, skip
from receiver import envelopes
from tests.domain.scene import NOON, kit, release_one
from tests.harness.ledgers import recorder_of
from tests.projections.tally import Fragile, Tally, positions
from tests.projections.world import World, batches_of


class Untold(Exception):
    """An error that represents itself by a text, or by a failure."""

    def __repr__(self) -> str:
        [text] = self.args
        assert isinstance(text, str), "it has nothing to say"
        return text


KITS, TALLY = Kits(), Tally()


def undecodable(world: World) -> int:
    """Store real bytes that are no event, and return their position."""
    [position] = recorder_of(world.ledger).insert_events(
        [StoredEvent(Kit.create_id("broken"), 1, Kit.Observed.TOPIC, b"\xc1")]
    )
    return position


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_the_projection_stops_before_it_and_the_others_go_on(
    mixed: World, fragile: Fragile, batch: int
) -> None:
    mixed.send(*[kit(n, barcode, "KIT_SHIPPED") for n, barcode in enumerate("ABPCD", 1)])
    with batches_of(batch):
        mixed.project()
        mixed.send(kit(9, "E", "KIT_SHIPPED"))
        mixed.project()
    assert mixed.rows(fragile) == [[("A", 2), ("B", 4)]]
    assert positions(mixed.rows(TALLY)) == [2, 4, 6, 8, 10, 12]
    assert mixed.positions() == dict.fromkeys(mixed.positions(), 12) | {"fragile": 5}


def test_its_status_names_the_event_and_the_error(mixed: World, fragile: Fragile) -> None:
    mixed.send(kit(1, "A", "KIT_SHIPPED"), kit(2, "P", "KIT_SHIPPED"), kit(3, "B", "KIT_SHIPPED"))
    before = datetime.now(UTC)
    mixed.project()
    status = mixed.status(fragile)
    assert (status.name, status.position, status.lag) == ("fragile", 3, 3)
    assert status.error == "ValueError('P is poisonous')"
    assert status.stopped_at is not None
    assert before - timedelta(seconds=1) < status.stopped_at <= datetime.now(UTC)
    poison = {"projection": "fragile", "position": 4, "error": status.error}
    assert mixed.said == [("projection-stopped", poison)]
    running = mixed.status(TALLY)
    assert (running.lag, running.stopped_at, running.error) == (0, None, None)


def test_bytes_that_are_no_event_stop_those_whom_they_concern(world: World) -> None:
    world.send(kit(1, "A", "KIT_SHIPPED"))
    position = undecodable(world)
    world.send(kit(2, "B", "KIT_SHIPPED"))
    world.project()
    status = world.status(KITS)
    assert status.position == position - 1
    assert status.error is not None
    assert "Kit.Observed of kit/broken version 1 can't be decoded" in status.error
    assert world.status(Events()).lag == 0


def observed(barcode: str) -> Kit.Observed:
    """Make the first event of a kit."""
    told = {"event_id": 1, "source": "lab", "reason": None, "shipment_id": None}
    place = {"originator_id": Kit.create_id("A"), "originator_version": 1, "timestamp": NOON}
    return Kit.Observed(**place, **told, barcode=barcode, status="X", created_at=NOON)  # type: ignore[arg-type]


def test_a_row_that_the_table_refuses_stops_its_projection(world: World) -> None:
    told = {"event_id": 1, "source": "lab", "reason": None, "barcode": "A", "shipment_id": None}
    place = {"originator_id": Kit.create_id("A"), "originator_version": 1, "timestamp": NOON}
    world.record(Kit.Observed(**place, **told, status=None, created_at=NOON))  # type: ignore[arg-type]
    world.project()
    status = world.status(KITS)
    assert status.error is not None
    assert re.search("not.null", status.error, re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "recorded"),
    [("日本", "日本"), ("a\0b", "a\\x00b"), ("\ud800", "\\ud800"), ("x" * 10_000_000, "xxx...xxx")],
    ids=["text", "NUL", "half a surrogate pair", "ten million letters"],
)
def test_whatever_the_error_says_it_is_recorded_and_the_others_go_on(
    mixed: World, fragile: Fragile, text: str, recorded: str
) -> None:
    fragile.poison["P"] = Untold(text)
    mixed.send(kit(1, "P", "KIT_SHIPPED"), kit(2, "A", "KIT_SHIPPED"))

    mixed.project()

    status = mixed.status(fragile)
    assert status.stopped_at is not None
    assert recorded in str(status.error)
    assert len(str(status.error)) < 10_000
    assert msgspec.json.encode(mixed.said)
    assert positions(mixed.rows(TALLY)) == [2, 4]


def test_a_key_that_is_too_long_for_an_index_stops_its_projection_alone(
    mixed: World, fragile: Fragile
) -> None:
    barcode = "".join(random.Random(1).choices(string.ascii_letters, k=20_000))
    mixed.record(observed(barcode))

    mixed.project()

    assert mixed.rows(TALLY) == [[(1, barcode)]]
    assert mixed.status(fragile).error is None or "index row" in str(mixed.status(fragile).error)


def test_an_error_that_can_not_even_say_what_it_is_stops_its_projection(
    mixed: World, fragile: Fragile
) -> None:
    fragile.poison["P"] = Untold(None)
    mixed.send(kit(1, "P", "KIT_SHIPPED"))

    mixed.project()

    assert "Untold" in str(mixed.status(fragile).error)


def test_a_row_that_is_missing_is_not_passed_over_in_silence(world: World) -> None:
    told = {"event_id": 1, "source": "lab", "barcode": "A"}
    place = {"originator_id": Kit.create_id("A"), "originator_version": 1, "timestamp": NOON}
    world.record(Kit.Retracted(**place, **told))
    world.project()
    assert "LookupError" in str(world.status(KITS).error)


def pass_over(world: World, name: str) -> int:
    """Skip the event at which a projection has stopped, which is recorded first."""
    recorded: list[int] = []
    position = skip(world.views, name, lambda position, error: recorded.append(position))
    assert recorded == [position]
    return position


def test_an_operator_passes_it_and_everything_else_is_applied(
    mixed: World, fragile: Fragile
) -> None:
    mixed.send(*[kit(n, barcode, "KIT_SHIPPED") for n, barcode in enumerate("APB", 1)])
    mixed.project()
    assert pass_over(mixed, "fragile") == 4
    mixed.project()
    assert mixed.rows(fragile) == [[("A", 2), ("B", 6)]]
    assert mixed.status(fragile).error is None
    assert mixed.positions()["fragile"] == 6


def test_one_command_passes_one_event(mixed: World, fragile: Fragile) -> None:
    mixed.send(*[kit(n, barcode, "KIT_SHIPPED") for n, barcode in enumerate("PPB", 1)])
    mixed.project()
    assert pass_over(mixed, "fragile") == 2
    mixed.project()
    assert mixed.status(fragile).position == 3
    assert pass_over(mixed, "fragile") == 4
    mixed.project()
    assert mixed.rows(fragile) == [[("B", 6)]]


def test_what_has_not_stopped_has_nothing_to_pass(mixed: World) -> None:
    with pytest.raises(NotStopped, match="tally"):
        pass_over(mixed, "tally")


def test_it_stays_stopped_for_every_projector_that_is_already_at_work(
    mixed: World, fragile: Fragile
) -> None:
    mixed.send(kit(1, "P", "KIT_SHIPPED"))
    mixed.project()
    mixed.project(mixed.projector())
    assert len(mixed.said) == 1


def test_a_projector_that_starts_tries_it_again(mixed: World, fragile: Fragile) -> None:
    mixed.send(kit(1, "P", "KIT_SHIPPED"), kit(2, "A", "KIT_SHIPPED"))
    mixed.project()
    fragile.poison.clear()
    mended = mixed.projector()
    mended.resume()
    mixed.project(mended)
    assert mixed.rows(fragile) == [[("A", 4), ("P", 2)]]
    assert mixed.status(fragile).stopped_at is None


def test_when_all_have_stopped_a_step_still_ends(mixed: World, fragile: Fragile) -> None:
    mixed.send(kit(1, "P", "KIT_SHIPPED"))
    alone = mixed.projector(wanted=[fragile])
    assert alone.step() == 2
    assert alone.step() == 2
    assert mixed.status(fragile).position == 1


def test_a_rebuild_stops_at_it_too_and_the_old_rows_stay(mixed: World, fragile: Fragile) -> None:
    mixed.send(kit(1, "A", "KIT_SHIPPED"), kit(2, "P", "KIT_SHIPPED"))
    mixed.project()
    with pytest.raises(RebuildStopped, match="fragile can't apply the event at position 4"):
        rebuild(mixed.ledger, mixed.views, fragile, lambda done, total: None)
    assert mixed.rows(fragile) == [[("A", 2)]]
    assert mixed.status(fragile).position == 3


def test_a_rebuild_passes_what_an_operator_has_passed(mixed: World, fragile: Fragile) -> None:
    mixed.send(*[kit(n, barcode, "KIT_SHIPPED") for n, barcode in enumerate("APB", 1)])
    mixed.project()
    pass_over(mixed, "fragile")
    assert mixed.rebuilt()["fragile"] == [[("A", 2), ("B", 6)]]
    assert mixed.status(fragile).lag == 0


def test_a_rebuild_by_a_better_program_lets_a_stopped_projection_go_on(
    mixed: World, fragile: Fragile
) -> None:
    mixed.send(kit(1, "P", "KIT_SHIPPED"), kit(2, "A", "KIT_SHIPPED"))
    mixed.project()
    fragile.poison.clear()
    assert mixed.rebuilt()["fragile"] == [[("A", 4), ("P", 2)]]
    assert mixed.status(fragile).error is None


def test_a_telling_that_never_was_is_not_taken_back_by_a_release(world: World) -> None:
    """A type that nobody knew when it came tells nothing; later programs may know it."""

    def read(body: bytes) -> tuple[list[Message | InvalidEnvelope], bool]:
        return envelopes.read(body.replace(b"kit.moved", b"kit.updated"))

    moved = kit(5, "A", "KIT_MOVED") | {"type": "kit.moved"}
    _, conflict = world.send(moved, kit(5, "B", "KIT_LOST"))
    assert conflict.quarantine is not None
    release_one(world.ledger, conflict.quarantine, read, now=NOON, replace=True)
    world.project()
    assert world.status(KITS).error is None
