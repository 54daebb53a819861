"""Statements compiled once and then only run: to compile one takes longer than to run it."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection


class Statement(NamedTuple):
    """SQL for a driver, the names of its values in order if it takes a tuple, and values it brings."""

    sql: str
    places: list[str] | None
    defaults: dict[str, Any]

    def bind(self, values: Mapping[str, Any]) -> Any:
        """Give the values the form that the driver takes."""
        values = {**self.defaults, **values}
        return values if self.places is None else tuple(values[name] for name in self.places)

    def bind_all(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """Give many rows that form, each of which has all the values."""
        return rows if self.places is None else list(map(itemgetter(*self.places), rows))


def compiled(statement: Any, connection: Connection, *, literally: bool = False) -> Statement:
    """Compile a statement for a connection; `literally` writes its values into it."""
    schemas = connection.get_execution_options().get("schema_translate_map")
    done = statement.compile(
        dialect=connection.dialect,
        schema_translate_map=schemas,
        render_schema_translate=schemas is not None,
        compile_kwargs={"literal_binds": literally},
    )
    return Statement(str(done), done.positiontup, {} if literally else done.params)
