"""Events as JSON, one a line."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from msgspec import DecodeError, json

from audit.bundles.lines import Line

NAME = "jsonl"
LONGEST_LINE = 512 * 1024 * 1024
"""In bytes: the state of the largest body, beside the body with each of its characters escaped."""


def write(file: BinaryIO, lines: Iterable[Line]) -> None:
    """Write the lines of a file."""
    encode = json.Encoder().encode
    for each in lines:
        file.write(encode(each) + b"\n")


def read(path: Path) -> Iterator[Line]:
    """Yield the lines of a file; raises msgspec.DecodeError for what is none."""
    decode = json.Decoder(Line).decode
    with path.open("rb") as file:
        while text := file.readline(LONGEST_LINE):
            if not text.endswith(b"\n"):
                raise DecodeError("the line has no end, or is too long")
            yield decode(text)
