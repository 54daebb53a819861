"""The service on the stock PostgreSQL recorder: a transaction and a table lock per webhook."""

import argparse
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, TypeVar

from eventsourcing import postgres
from eventsourcing.persistence import Transcoder
from psycopg.conninfo import conninfo_to_dict

from receiver.processors import processors
from receiver.server.gunicorn import Server, options
from receiver.settings import Settings
from store.mapper import Mapper
from store.transcoder import MessagePackTranscoder

T = TypeVar("T")
VERSIONS = """SELECT originator_id, max(originator_version) AS version FROM ledger_events
WHERE originator_id = ANY(%s) GROUP BY originator_id"""


class Recorder(postgres.PostgresApplicationRecorder):
    """The stock recorder, with the other methods that the ledger calls."""

    group_commit = SimpleNamespace()

    def stream_versions(self, stream_ids: Sequence[str]) -> dict[str, int]:
        """Return the last version of each stream that exists."""
        with self.datastore.get_connection() as connection:
            found = connection.execute(VERSIONS, [list(stream_ids)]).fetchall()
        return {row["originator_id"]: row["version"] for row in found}

    def run_in_transaction(self, work: Callable[[Any], T], streams: Sequence[str] = ()) -> T:
        """Run work without a lock: no two requests of the load write the same stream."""
        return work(self)


class Factory(postgres.PostgresFactory):
    """The stock factory of that recorder."""

    application_recorder_class: type[postgres.PostgresApplicationRecorder] = Recorder

    def transcoder(self) -> Transcoder:
        """Return the service's own transcoder."""
        return MessagePackTranscoder()

    def mapper(self, transcoder: Any = None, mapper_class: Any = None) -> Any:
        """Return the service's own mapper, since only the recorders are compared."""
        return super().mapper(transcoder, mapper_class or Mapper)


def persistence(settings: Settings) -> dict[str, str]:
    """Return the stock factory's settings for the ledger's URL."""
    found = conninfo_to_dict(settings.database_url)
    return {
        "PERSISTENCE_MODULE": "benchmarks.stock_server:Factory",
        "ORIGINATOR_ID_TYPE": "text",
        "POSTGRES_DBNAME": str(found["dbname"]),
        "POSTGRES_HOST": str(found["host"]),
        "POSTGRES_PORT": str(found["port"]),
        "POSTGRES_USER": str(found["user"]),
        "POSTGRES_PASSWORD": "",
    }


class StockServer(Server):
    """Serve the application on the stock recorder."""

    def load(self) -> Any:
        """Make the application, in a worker and after gevent has patched it."""
        from domain.ledger import Ledger
        from receiver import create_app, services

        services.persistence = persistence
        settings = Settings.from_environment()
        # Only the first worker makes the table.
        Ledger({**persistence(settings), "CREATE_TABLE": "y"}).close()
        return create_app(settings)


def main() -> None:
    """Serve with as many workers as the service has, without its metrics hook."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    settings = options("127.0.0.1", parser.parse_args().port, processors())
    del settings["child_exit"]
    StockServer(settings, projector=False).run()


if __name__ == "__main__":
    main()
