"""The ledger: the event store, and the ways in which a use case runs on it for a cause."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol, TypeVar, cast

from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, Mapper, Notification
from eventsourcing.utils import Environment, EnvType

from domain.cause import Cause
from domain.discovery import modules_of
from domain.stream_repository import EventStore, StreamRepository

T = TypeVar("T")


class Recorder(EventStore, Protocol):
    """The event store's recorder, as the ledger and the projector use it."""

    def select_batch(
        self, after: int, *, topics: Sequence[str], limit: int, max_bytes: int
    ) -> tuple[list[Notification], int]: ...
    def select_rows(self, after: int, *, limit: int, max_bytes: int) -> list[Any]: ...
    def select_hashed(
        self, after: int, *, limit: int, max_bytes: int
    ) -> tuple[list[Any], bool]: ...
    def select_by_stream(
        self, after: tuple[str, int], below: str, *, reached: int, limit: int, max_bytes: int
    ) -> list[Notification]: ...
    def select_log(self, wanted: Any, after: int, until: int, limit: int) -> list[Any]: ...
    def select_rows_at(self, positions: Sequence[int]) -> list[Any]: ...
    def kinds_of_given_ids(self) -> list[str]: ...
    def import_events(self, rows: Sequence[Any]) -> None: ...
    def keep_given_ids(self, last: Mapping[str, int]) -> None: ...
    def topics(self) -> list[str]: ...
    def stream_of_topic(self, topic: str) -> str: ...
    def position_at(self, time: int) -> int: ...
    def check(self) -> None: ...
    def run_in_transaction(
        self, work: Callable[[EventStore], T], streams: Sequence[str] = ()
    ) -> T: ...


class Ledger(Application[str]):
    """The event store that eventsourcing's environment names; `streams` loads aggregates.

    What changes something is done on `caused_by`.
    """

    def __init__(self, env: EnvType | None = None) -> None:
        super().__init__(env)
        # Stored events are decoded by their topics, which their classes register.
        modules_of("domain.aggregates")
        self.store = cast(Recorder, self.recorder)
        self.streams = StreamRepository(self.store, self.mapper)

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Return the environment; a variable prefixed LEDGER_ does not override a value in `env`."""
        given = env or {}
        made = super().construct_env(name, env)
        for key in given:
            prefixed, *_ = made.create_keys(key)
            if prefixed not in given:
                made.pop(prefixed, None)
        return made

    def caused_by(self, cause: Cause) -> "CausedLedger":
        """Return the ledger for one request or command: all events that it saves have this cause."""
        return CausedLedger(self.store, self.mapper, cause)


class CausedLedger:
    """Run the use cases of one request or command, which is the cause of all events that they save."""

    def __init__(self, store: Recorder, mapper: Mapper[str], cause: Cause) -> None:
        self.store = store
        self._mapper = mapper
        self._cause = cause

    @cached_property
    def streams(self) -> StreamRepository:
        """Return what loads and saves aggregates outside of a transaction; webhooks need none."""
        return StreamRepository(self.store, self._mapper, self._cause)

    def run_in_transaction(
        self, use_case: Callable[[StreamRepository], T], streams: Sequence[str] = ()
    ) -> T:
        """Run a use case while no other writer can append; the versions of `streams` are prefetched.

        The store may call it twice, so saving must be its only effect. Any exception that it raises is
        raised, and nothing is saved. Raises eventsourcing's PersistenceError when the store can't be
        written.
        """
        return self.store.run_in_transaction(
            lambda unit_of_work: use_case(
                StreamRepository(unit_of_work, self._mapper, self._cause)
            ),
            streams,
        )

    def run_optimistically(self, use_case: Callable[[StreamRepository], T]) -> T:
        """Run a use case that saves once; after a conflict, run it again in a transaction."""
        try:
            return use_case(self.streams)
        except IntegrityError:
            return self.run_in_transaction(use_case)
