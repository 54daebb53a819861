"""How kits and reports stand: the read models of everything that sources tell of."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, delete, select

from domain.telling import Standing, Telling, Told, Withdrawn, standing
from projections import lists
from projections.projection import Projection, Rows, Slots, Word, micros, moment, slots
from projections.views import View

CHUNK = 500
"""How many keys go into one IN list."""


def standing_tables(name: str, key: Callable[[], Column[Any]]) -> tuple[Slots, Slots]:
    """Define the table of how things stand, and that of all that was told of them."""
    stands = slots(
        f"{name}s",
        lambda: [
            key(),
            Column("status", Word, nullable=False),
            Column("shipment_id", BigInteger),
            Column("reason", Word),
            Column("created_at", BigInteger, nullable=False),
            Column("modified_at", BigInteger, nullable=False),
        ],
        indexes=[("status", key().name)],
    )
    told = slots(
        f"{name}_tellings",
        lambda: [
            key(),
            Column("event_id", BigInteger, primary_key=True, autoincrement=False),
            Column("source", Word, primary_key=True),
            Column("status", Word, nullable=False),
            Column("reason", Word),
            Column("shipment_id", BigInteger),
            Column("created_at", BigInteger, nullable=False),
        ],
    )
    return stands, told


class Standings(Projection):
    """Keep every telling, and how each thing stands by all of them."""

    key: ClassVar[str]

    def tell(self, rows: Rows, thing: Any, event: Told) -> None:
        """Take in a telling; what follows from it is written when the batch is complete."""
        told = event.telling()
        rows.touched[thing] = None
        rows.upsert(
            self.tables[1],
            **{self.key: thing},
            event_id=told.event_id,
            source=told.source,
            status=told.status,
            reason=told.reason,
            shipment_id=told.shipment_id,
            created_at=micros(told.created_at),
        )

    def withdraw(self, rows: Rows, thing: Any, event: Withdrawn) -> None:
        """Take a telling back."""
        rows.touched[thing] = None
        told = self.tables[1][rows.slot].c
        rows.change(
            delete(self.tables[1][rows.slot]).where(
                told[self.key] == thing,
                told.event_id == event.event_id,
                told.source == event.source,
            )
        )

    def settle(self, rows: Rows) -> None:
        """Write how the things that were spoken of stand now."""
        things = list(rows.touched)
        for start in range(0, len(things), CHUNK):
            self._settle(rows, things[start : start + CHUNK])
        rows.flush()

    def _settle(self, rows: Rows, things: Sequence[Any]) -> None:
        table = self.tables[1][rows.slot]
        tellings: dict[Any, list[Telling]] = {thing: [] for thing in things}
        wanted = select(
            table.c[self.key],
            table.c.event_id,
            table.c.source,
            table.c.status,
            table.c.reason,
            table.c.shipment_id,
            table.c.created_at,
        ).where(table.c[self.key].in_(things))
        for (
            thing,
            event_id,
            source,
            status,
            reason,
            shipment_id,
            created_at,
        ) in rows.connection.execute(wanted):
            tellings[thing].append(
                Telling(
                    event_id=event_id,
                    source=source,
                    status=status,
                    reason=reason,
                    shipment_id=shipment_id,
                    created_at=moment(created_at),
                )
            )
        for thing, told in tellings.items():
            self._stand(rows, thing, standing(told))

    def _stand(self, rows: Rows, thing: Any, stands: Standing | None) -> None:
        stood = self.tables[0]
        if stands is None:
            table = stood[rows.slot]
            rows.change(delete(table).where(table.c[self.key] == thing))
            return
        rows.upsert(
            stood,
            **{self.key: thing},
            status=stands.status,
            shipment_id=stands.shipment_id,
            reason=stands.reason,
            created_at=micros(stands.created_at),
            modified_at=micros(stands.modified_at),
        )

    def one(self, view: View, thing: Any) -> dict[str, Any] | None:
        """Return how one thing stands."""
        return next(iter(self.page(view, limit=1, **{self.key: thing})), None)

    def page(self, view: View, **wanted: Any) -> list[dict[str, Any]]:
        """Return things by rising key; see lists.page for what can be wanted."""
        table = self.tables[0][view.slot]
        return [_shown(row) for row in lists.page(view.connection, table, (self.key,), **wanted)]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: moment(row[name]) for name in ("created_at", "modified_at")}}
