"""A ledger in which everything has happened that read models tell of."""

from datetime import timedelta

from domain.use_cases import kit_registrations
from tests.domain.scene import NOON, kit, report
from tests.organizations.office import DEEP, NORTH, SOUTH, Office
from tests.projections.world import World


def tell(world: World) -> None:
    """Let everything happen that is an event of some read model."""
    _sources(world)
    _kits(world)
    _organization(Office(world.ledger))


def _sources(world: World) -> None:
    world.send(
        [kit(1, "A", "KIT_SHIPPED", shipment_id=7), report(2, 12, "AVAILABLE")],
        kit(3, "A/ü", "KIT_FAILED", reason="leaked", created_at="2017-11-24 10:00:00"),
        {"id": 4, "type": "lab.note", "data": {"é": [1.50, None]}},
        kit(5000, "B", "KIT_SHIPPED"),
        report(6, 2, "BLOCKED"),
        report(7, 3, "BLOCKED"),
    )
    world.send(
        kit(3, "C", "KIT_SHIPPED"), b'{"id": 9, "type": "t", "data": {"a": NaN}}', source="x"
    )
    # Held ones: one replaces the kit by another, one its own, one is given up, one stays.
    [moves] = world.send(kit(5000, "A", "KIT_RECEIVED"))
    [changes] = world.send(report(6, 2, "AVAILABLE"))
    [removes] = world.send(report(7, 2, "AVAILABLE"))
    [given_up] = world.send(kit(1, "A", "KIT_RECEIVED"))
    world.send(b"{")
    for held in (moves, changes, removes):
        world.scene.release(held, replace=True)
    world.scene.discard(given_up)


def _kits(world: World) -> None:
    for number in range(3):
        made, _ = kit_registrations.register_kit(
            world.ledger,
            now=NOON + timedelta(hours=number),
            customer=70,
            kit=f"K{number}",
            verification_date=None,
        )
        for date in (NOON, None)[:number]:
            kit_registrations.set_verification_date(
                world.ledger, made.registration_id, date, now=NOON + timedelta(days=1)
            )


def _organization(office: Office) -> None:
    office.tree()
    first, second = office.register(70), office.register(71, group_id=DEEP)
    office.put(DEEP, name="Deeper", identifier="deep")
    office.put(DEEP, name="Deeper", parent_id=SOUTH)
    office.put(NORTH, name="North", parent_id=SOUTH)
    office.put(DEEP, name="Deeper", parent_id=NORTH)
    office.change(first, group_id=SOUTH)
    office.change(first, type="provider")
    office.change(second, deactivated=NOON)
    office.change(second, deactivated=None)
    office.deactivate(first)
