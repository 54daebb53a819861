"""Statements that are compiled once: compiling takes longer than running."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection


class Statement(NamedTuple):
    """SQL for a driver, with the order of its parameters, if it takes a tuple, and their defaults."""

    sql: str
    parameter_names: list[str] | None
    defaults: dict[str, Any]

    def bind(self, values: Mapping[str, Any]) -> Any:
        """Return the values as the driver's parameters."""
        values = {**self.defaults, **values}
        return (
            values
            if self.parameter_names is None
            else tuple(values[name] for name in self.parameter_names)
        )

    def bind_all(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """Return rows as the driver's parameters; each has all the values."""
        return (
            rows
            if self.parameter_names is None
            else list(map(itemgetter(*self.parameter_names), rows))
        )


def compiled(statement: Any, connection: Connection, *, literally: bool = False) -> Statement:
    """Compile a statement for a connection; with `literally`, its values become part of the SQL."""
    schemas = connection.get_execution_options().get("schema_translate_map")
    done = statement.compile(
        dialect=connection.dialect,
        schema_translate_map=schemas,
        render_schema_translate=schemas is not None,
        compile_kwargs={"literal_binds": literally},
    )
    return Statement(str(done), done.positiontup, {} if literally else done.params)
