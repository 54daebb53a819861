"""The part of the infrastructure factory that is the same on both databases."""

from typing import Any, TypeVar

from eventsourcing.persistence import (
    ApplicationRecorder,
    InfrastructureFactory,
    ProcessRecorder,
    Transcoder,
)

from store.mapper import Mapper
from store.recorder import EventRecorder
from store.transcoder import MessagePackTranscoder

R = TypeVar("R")


class StoreFactory(InfrastructureFactory[Any]):
    """Use MessagePack unless the environment names something else; close the recorders it made.

    It stands before one of eventsourcing's factories among the base classes.
    """

    def transcoder(self) -> Transcoder:
        """Return the transcoder that TRANSCODER_TOPIC names, or one of MessagePack."""
        if self.env.get(self.TRANSCODER_TOPIC):
            return super().transcoder()
        return MessagePackTranscoder()

    def mapper(self, transcoder: Any = None, mapper_class: Any = None) -> Any:
        """Return the mapper that MAPPER_TOPIC names, or the one of this package."""
        if mapper_class is None and not self.env.get(self.MAPPER_TOPIC):
            mapper_class = Mapper
        return super().mapper(transcoder, mapper_class)

    def application_recorder(self) -> ApplicationRecorder:
        """Return a recorder that is closed with the factory."""
        return self._closed_with_factory(super().application_recorder())  # type: ignore[safe-super]

    def process_recorder(self) -> ProcessRecorder:
        """Return a process recorder that is closed with the factory."""
        return self._closed_with_factory(super().process_recorder())  # type: ignore[safe-super]

    def close(self) -> None:
        """Close every connection of the factory and of its recorders."""
        for recorder in self._recorders():
            recorder.close()
        super().close()

    def _closed_with_factory(self, recorder: R) -> R:
        if isinstance(recorder, EventRecorder):
            self._recorders().append(recorder)
        return recorder

    def _recorders(self) -> list[EventRecorder]:
        recorders: list[EventRecorder] = self.__dict__.setdefault("made_recorders", [])
        return recorders
