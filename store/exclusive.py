"""Running a use case inside the one transaction that may write: what it reads is what it changes."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from store.group_commit import GroupCommit, Session

T = TypeVar("T")


class Exclusive:
    """Give a recorder its group commit, and a way to read and write in the transaction of its group."""

    def __init__(self, session: Session) -> None:
        self.group_commit = GroupCommit(session)
        self._local = threading.local()

    def run(self, decide: Callable[[], T], streams: Sequence[str] = ()) -> T:
        """Run a use case while nobody else can write; `streams` are those whose heads it will ask for.

        It is run once more when another member of its group spoils the first attempt. Raises what
        `decide` raises, having kept nothing.
        """

        def work(held: Any) -> T:
            self._local.held = held
            try:
                return decide()
            finally:
                del self._local.held

        return self.group_commit.submit(work, streams)

    def write(self, work: Callable[[Any], T]) -> T:
        """Do work that writes: in the transaction that this use case is in, or else in a group's."""
        held = self.held()
        return self.group_commit.submit(work) if held is None else work(held)

    def held(self) -> Any:
        """Return what the session handed to the use case that is running here, if one is."""
        return getattr(self._local, "held", None)
