"""Events as a table of Parquet, in the columns that lines have."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import DecodeError, convert, structs

from audit.bundles.errors import BundleError
from audit.bundles.lines import Line

NAME = "parquet"
BYTES_AT_ONCE = 256 * 1024
LINES_AT_ONCE = 100


def library() -> Any:
    """Return pyarrow, whose import takes long; raises BundleError where it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise BundleError("Parquet needs pyarrow: pip install 'kitledger[parquet]'") from None
    return pyarrow


def write(file: BinaryIO, lines: Iterable[Line]) -> None:
    """Write the lines of a file, some of them in memory at a time."""
    arrow = library()
    schema = _schema(arrow)
    options = {"compression": "zstd", "use_dictionary": ["topic", "by"]}
    with arrow.parquet.ParquetWriter(file, schema, **options) as writer:
        for some in _groups(lines):
            writer.write_table(arrow.Table.from_pylist(some, schema))


def read(path: Path) -> Iterator[Line]:
    """Yield the lines of a file; raises msgspec.DecodeError for what is none."""
    arrow = library()
    try:
        with arrow.parquet.ParquetFile(path, pre_buffer=False) as file:
            if not file.schema_arrow.equals(_schema(arrow)):
                raise DecodeError("the file has other columns")
            for number in range(file.num_row_groups):
                group = file.read_row_group(number, use_threads=False)
                for row in group.to_pylist(maps_as_pydicts="strict"):
                    yield convert(row, Line)
    except (arrow.ArrowException, OSError) as error:
        raise DecodeError(str(error)) from error


def _schema(arrow: Any) -> Any:
    text, number, raw = arrow.string(), arrow.int64(), arrow.binary()
    said = ("source", "key_id", "webhook_id", "webhook_timestamp", "signature")
    delivery = [
        *((name, text) for name in said),
        ("headers", arrow.map_(text, text)),
        ("batch", text),
        ("body", text),
        ("body_base64", raw),
    ]
    columns = [
        ("position", number),
        ("recorded_at", number),
        ("stream", text),
        ("version", number),
        ("topic", text),
        ("state", raw),
        ("by", text),
        ("has_reason", arrow.bool_()),
        ("organization", number),
        ("delivery", arrow.struct(delivery)),
        ("proof", arrow.list_(raw)),
    ]
    return arrow.schema(columns)


def _groups(lines: Iterable[Line]) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of the groups that a file consists of: a reader has a whole one in memory."""
    group: list[dict[str, Any]] = []
    size = 0
    for each in lines:
        group.append(_row(each))
        size += len(each.state)
        if size >= BYTES_AT_ONCE or len(group) == LINES_AT_ONCE:
            yield group
            group, size = [], 0
    if group:
        yield group


def _row(each: Line) -> dict[str, Any]:
    delivery = None if each.delivery is None else structs.asdict(each.delivery)
    return {**structs.asdict(each), "delivery": delivery}
