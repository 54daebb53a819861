"""One PostgreSQL cluster: a folder of its own, and the processes that serve it."""

import atexit
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Literal, Self

from tests.harness.leash import Leash
from tests.harness.postgres.processes import family
from tests.harness.postgres.programs import give, new_folder, programs, run, surroundings
from tests.harness.postgres.queries import answers
from tests.harness.processes import free_port
from tests.harness.waiting import PATIENCE_SECONDS, eventually

LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
SETTINGS: dict[str, str | int] = {
    "fsync": "on",
    "shared_buffers": "64MB",
    "max_connections": 100,
    "timezone": "UTC",
    "log_timezone": "UTC",
    # In files, for what a killed server leaves in /dev/shm would outlive its folder.
    "dynamic_shared_memory_type": "mmap",
    # A standby that was away for a while still finds what it missed, and comes back soon.
    "wal_keep_size": "256MB",
    "wal_retrieve_retry_interval": "200ms",
}
STOPS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class Cluster:
    """Make the files, start and stop and kill the server.

    `settings` are those of postgresql.conf. Nothing outlives `close`, or else the end of this
    process: however that comes, a watcher then stops the server and removes the folder.
    """

    def __init__(
        self, name: str = "primary", place: Path | None = None, **settings: str | int
    ) -> None:
        self.name, self.place = name, place
        self.settings = {**SETTINGS, **settings}
        self.port = free_port()
        self.folder = new_folder(place)
        self.data = self.folder / "data"
        self.programs = programs(self.folder)
        self.process: subprocess.Popen[bytes] | None = None
        self._log = self.folder / "server.log"
        self._leash = Leash.of_cluster(self.folder)
        self._owner = os.getpid()
        atexit.register(self._at_exit)

    def create(self) -> Self:
        """Make the cluster's files."""
        options = ("--auth=trust", "--username=postgres", "--no-sync", *LOCALE)
        run(self.programs / "initdb", "-D", self.data, *options)
        return self

    def start(self) -> Self:
        """Start, and return once connections are accepted: after a crash, once it has recovered."""
        self.write_settings()
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data],
                stdout=log,
                stderr=log,
                start_new_session=True,
                **surroundings(),
            )
        ready = eventually(lambda: not self.is_running() or answers(self.url()))
        assert ready and self.is_running(), f"it never got ready:\n{self.log()}"  # noqa: PT018
        return self

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """End in good order, or at once as in a crash; one that SIGSTOP holds as well."""
        assert self.process is not None, "it was never started"
        self.process.send_signal(STOPS[mode])
        self.process.send_signal(signal.SIGCONT)
        self.process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """End the postmaster with SIGKILL, and wait until its children have noticed."""
        assert self.process is not None, "it was never started"
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)
        assert eventually(lambda: not self.processes()), f"still there: {self.processes()}"

    def close(self) -> None:
        """End what runs and remove what there is; again, it does nothing."""
        if not self.folder.exists():
            return
        if self.is_running():
            self.stop("immediate")
        self._free_memory()
        self._leash.release()
        shutil.rmtree(self.folder)
        atexit.unregister(self._at_exit)

    def is_running(self) -> bool:
        """Say whether the postmaster lives."""
        return self.process is not None and self.process.poll() is None

    def processes(self) -> list[int]:
        """Return the ids of the living processes: the postmaster and its children."""
        return family(self.data, self.folder.name)

    def log(self) -> str:
        """Return what the server has written so far."""
        return self._log.read_text()

    def url(self, database: str = "postgres") -> str:
        """Return a URL by TCP."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str = "postgres") -> str:
        """Return a URL by the Unix socket."""
        return f"postgresql://postgres@/{database}?host={self.folder}&port={self.port}"

    def write_settings(self) -> None:
        """Write postgresql.conf, which holds nothing but our own."""
        written = {
            **self.settings,
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.folder,
            "cluster_name": self.folder.name,
        }
        file = self.data / "postgresql.conf"
        file.write_text("".join(f"{key} = {quoted(value)}\n" for key, value in written.items()))
        give(file)

    def _free_memory(self) -> None:
        """Remove the few bytes of shared memory by which the next start knows a killed server."""
        file = self.data / "postmaster.pid"
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) > 6:
            segment = lines[6].split()[1]
            subprocess.run(["ipcrm", "-m", segment], check=False, **surroundings())

    def _at_exit(self) -> None:
        # A fork of the process that made the cluster has no say in it.
        if os.getpid() == self._owner:
            self.close()


def quoted(value: object) -> str:
    """Write a value as postgresql.conf wants it."""
    escaped = str(value).replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
