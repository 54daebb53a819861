"""The files by which the processes of one server share their metrics; lost ones are made again."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from prometheus_client.mmap_dict import MmapedDict, mmap_key


class MetricFiles:
    """Keep this process's metrics in a folder that anybody may remove at any time.

    No error of the files reaches a caller: what is counted was committed before.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened: dict[str, MmapedDict] = {}
        self._values: list[Value] = []

    def new_value(self, *description: Any, **options: Any) -> "Value":
        """Make a value, as prometheus-client's ValueClass does."""
        made = Value(self, *description, **options)
        self._values.append(made)
        return made

    def restore(self) -> None:
        """Write all values into new files if a file of this process is gone."""
        paths = {self._path(value.kind) for value in self._values}
        if not all(map(os.path.exists, paths)):
            for each in self._opened.values():
                each.close()
            self._opened.clear()
            for value in self._values:
                value.write()

    def read(self, kind: str, key: str) -> float:
        """Return the number in a file of this process; 0 when there is none."""
        with suppress(OSError):
            return float(self._file(kind).read_value(key)[0])
        return 0.0

    def write(self, kind: str, key: str, number: float) -> None:
        """Write a number, if its file can be opened."""
        with suppress(OSError):
            self._file(kind).write_value(key, number, 0.0)

    def _file(self, kind: str) -> MmapedDict:
        if kind not in self._opened:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._opened[kind] = MmapedDict(self._path(kind))
        return self._opened[kind]

    def _path(self, kind: str) -> str:
        return str(self.folder / f"{kind}_{os.getpid()}.db")


class Value:
    """One number of a metric, with the methods of prometheus-client's own values."""

    _multiprocess = True

    def __init__(
        self,
        files: MetricFiles,
        typ: str,
        metric: str,
        name: str,
        labels: list[str],
        label_values: list[str],
        help_text: str,
        multiprocess_mode: str = "",
        **_: Any,
    ) -> None:
        self._files = files
        self.kind = f"{typ}_{multiprocess_mode}" if typ == "gauge" else typ
        self._key = mmap_key(metric, name, labels, label_values, help_text)
        self._number = files.read(self.kind, self._key)

    def inc(self, amount: float) -> None:
        """Add to the number."""
        self.set(self._number + amount)

    def set(self, value: float, timestamp: float | None = None) -> None:
        """Set the number."""
        self._number = value
        self.write()

    def write(self) -> None:
        """Write the number into its file."""
        self._files.write(self.kind, self._key, self._number)

    def get(self) -> float:
        """Return the number."""
        return self._number

    def get_exemplar(self) -> None:
        """Return no exemplar: they are not shared between processes."""
