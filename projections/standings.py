"""How kits and reports stand: the read models of everything that sources tell of."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec
from sqlalchemy import BigInteger, Column, LargeBinary, delete, select

from domain.telling import Telling, Told, Withdrawn, standing
from projections import lists
from projections.projection import INNER, Projection, Rows, Slots, Word, micros, moment, slots
from projections.views import View

CHUNK = 500
"""How many keys go into one IN list."""

Known = dict[tuple[int, str], Telling]
"""All that was told of one thing, by event id and source."""


def standing_tables(name: str, key: Callable[[], Column[Any]]) -> tuple[Slots]:
    """Define the table of how things stand, each with all that was told of it.

    One row a thing: at millions of them, each row in one more table is one more page that nobody has
    in memory.
    """
    stands = slots(
        f"{name}s",
        lambda: [
            key(),
            Column("status", Word, nullable=False),
            Column("shipment_id", BigInteger),
            Column("reason", Word),
            Column("created_at", BigInteger, nullable=False),
            Column("modified_at", BigInteger, nullable=False),
            Column("tellings", LargeBinary, nullable=False, info=INNER),
        ],
        indexes=[("status", key().name)],
    )
    return (stands,)


class Standings(Projection):
    """Keep how each thing stands by all that was told of it."""

    key: ClassVar[str]

    def tell(self, rows: Rows, thing: Any, event: Told | Withdrawn) -> None:
        """Take in a telling, or take one back; what follows is written when the batch is complete."""
        rows.touched.setdefault(thing, []).append(event)

    def settle(self, rows: Rows) -> None:
        """Write how the things that were spoken of stand now."""
        things = list(rows.touched)
        for start in range(0, len(things), CHUNK):
            some = things[start : start + CHUNK]
            known = self._known(rows, some)
            for thing in some:
                self._stand(rows, thing, _told(known.get(thing, {}), rows.touched[thing]))
        rows.flush()

    def _known(self, rows: Rows, things: Sequence[Any]) -> Mapping[Any, Known]:
        columns = self.tables[0][rows.slot].c
        wanted = select(columns[self.key], columns.tellings).where(columns[self.key].in_(things))
        return {
            thing: {(each.event_id, each.source): each for each in _tellings.decode(tellings)}
            for thing, tellings in rows.connection.execute(wanted)
        }

    def _stand(self, rows: Rows, thing: Any, told: Known) -> None:
        stands = standing(told.values())
        if stands is None:
            table = self.tables[0][rows.slot]
            rows.run(delete(table).where(table.c[self.key] == thing))
            return
        rows.upsert(
            self.tables[0],
            **{self.key: thing},
            status=stands.status,
            shipment_id=stands.shipment_id,
            reason=stands.reason,
            created_at=micros(stands.created_at),
            modified_at=micros(stands.modified_at),
            tellings=msgspec.msgpack.encode([told[place] for place in sorted(told)]),
        )

    def one(self, view: View, thing: Any) -> dict[str, Any] | None:
        """Return how one thing stands."""
        return next(iter(self.page(view, limit=1, **{self.key: thing})), None)

    def page(self, view: View, **wanted: Any) -> list[dict[str, Any]]:
        """Return things by rising key; see lists.page for what can be wanted."""
        table = self.tables[0][view.slot]
        return [_shown(row) for row in lists.page(view.connection, table, (self.key,), **wanted)]


def _told(known: Known, events: Sequence[Told | Withdrawn]) -> Known:
    for event in events:
        place = event.event_id, event.source
        if isinstance(event, Told):
            known[place] = event.telling()
        elif known.pop(place, None) is None:
            raise LookupError(f"nothing to take back: {place}")
    return known


_tellings = msgspec.msgpack.Decoder(list[Telling])


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: moment(row[name]) for name in ("created_at", "modified_at")}}
