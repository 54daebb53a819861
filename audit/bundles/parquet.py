"""Events as a table of Parquet, in the columns that lines have; a delivery is JSON there."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import DecodeError, convert, json, structs

from audit.bundles.errors import BundleError
from audit.bundles.lines import Line, SignedDelivery

NAME = "parquet"
BYTES_AT_ONCE = 4 * 1024 * 1024
LINES_AT_ONCE = 1000


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
    with arrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for some in _groups(lines):
            writer.write_table(arrow.Table.from_pylist(some, schema))


def read(path: Path) -> Iterator[Line]:
    """Yield the lines of a file; raises msgspec.DecodeError for what is none."""
    arrow = library()
    try:
        with arrow.parquet.ParquetFile(path) as file:
            if not file.schema_arrow.equals(_schema(arrow)):
                raise DecodeError("the file has other columns")
            for batch in file.iter_batches(LINES_AT_ONCE // 10):
                yield from map(_line, batch.to_pylist())
    except (arrow.ArrowException, OSError) as error:
        raise DecodeError(str(error)) from error


def _schema(arrow: Any) -> Any:
    columns = [
        ("position", arrow.int64()),
        ("recorded_at", arrow.int64()),
        ("stream", arrow.string()),
        ("version", arrow.int64()),
        ("topic", arrow.string()),
        ("state", arrow.binary()),
        ("by", arrow.string()),
        ("has_reason", arrow.bool_()),
        ("organization", arrow.int64()),
        ("delivery", arrow.string()),
        ("proof", arrow.list_(arrow.binary())),
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
    delivery = None if each.delivery is None else json.encode(each.delivery).decode()
    return {**structs.asdict(each), "delivery": delivery}


def _line(row: dict[str, Any]) -> Line:
    delivery = row["delivery"]
    if delivery is not None:
        row["delivery"] = json.decode(delivery, type=SignedDelivery)
    return convert(row, Line)
