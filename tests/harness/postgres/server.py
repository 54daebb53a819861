"""A PostgreSQL server: a cluster, what is said to it, and who follows it."""

from typing import Any, Self

from psycopg.sql import Composed

from tests.harness.postgres import queries
from tests.harness.postgres.cluster import Cluster
from tests.harness.postgres.programs import run
from tests.harness.waiting import eventually

SYNCHRONOUS = "synchronous_standby_names"


class Server(Cluster):
    """Make a cluster, start it, ask it, cut its connections, let others follow it."""

    def query(
        self, statement: str | Composed, *values: object, database: str = "postgres"
    ) -> list[tuple[Any, ...]]:
        """Run one statement in a connection of its own and return its rows."""
        return queries.query(self.url(database), statement, *values)

    def cut_connections(self, database: str) -> int:
        """End all other connections to a database, and return how many there were."""
        return queries.cut_connections(self.url(), database)

    def configure(self, **settings: str | int) -> None:
        """Change settings; those that need no start take effect now."""
        self.settings.update(settings)
        self.write_settings()
        if self.is_running():
            self.query("SELECT pg_reload_conf()")

    def standby(self, name: str) -> Self:
        """Return a running copy of this cluster that follows it, known to it by this name."""
        settings = {key: value for key, value in self.settings.items() if key != SYNCHRONOUS}
        other = type(self)(name, self.place, **settings)
        try:
            other._copy(self)
            other.start()
            assert eventually(lambda: name in self.followers()), other.log()
        except BaseException:
            other.close()
            raise
        return other

    def followers(self) -> dict[str, str]:
        """Return the names of the standbys that stream from here, and whether each is sync or async."""
        streaming = "FROM pg_stat_replication WHERE state = 'streaming'"
        return dict(self.query(f"SELECT application_name, sync_state {streaming}"))

    def make_synchronous(self, *standbys: Self) -> None:
        """Let each commit wait for these standbys from now on; for none, when none is given."""
        names = [each.name for each in standbys]
        listed = ", ".join(f'"{name}"' for name in names)
        self.configure(**{SYNCHRONOUS: f"FIRST {len(names)} ({listed})" if names else ""})
        assert eventually(lambda: self._synchronous() == set(names)), self.followers()

    def promote(self) -> None:
        """Make a standby a primary, and return once it takes writes."""
        assert self.query("SELECT pg_promote()") == [(True,)], self.log()

    def _synchronous(self) -> set[str]:
        return {name for name, state in self.followers().items() if state == "sync"}

    def _copy(self, primary: Self) -> None:
        source = f"host=127.0.0.1 port={primary.port} user=postgres application_name={self.name}"
        options = ("-R", "--checkpoint=fast", "--no-sync", "--wal-method=stream")
        run(self.programs / "pg_basebackup", "-D", self.data, "-d", source, *options)


def urls(*servers: Server, database: str = "postgres") -> str:
    """Return a URL that leads to whichever of the servers takes writes."""
    hosts = ",".join(f"127.0.0.1:{each.port}" for each in servers)
    return f"postgresql://postgres@{hosts}/{database}?target_session_attrs=read-write"
