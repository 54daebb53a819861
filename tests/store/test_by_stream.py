"""Events in the order of their streams, as a check of all read models reads them."""

from collections.abc import Iterator

import pytest

from tests.domain.scene import Scene, kit
from tests.harness.ledgers import Recorder, open_ledger, recorder_of


@pytest.fixture
def recorder(url: str) -> Iterator[Recorder]:
    """Give a recorder of a ledger with the streams of some kits."""
    ledger = open_ledger(url)
    scene = Scene(ledger)
    scene.send(
        [kit(1, "B", "KIT_SHIPPED"), kit(2, "A", "KIT_SHIPPED"), kit(3, "A-1", "KIT_FAILED")]
    )
    scene.send(kit(4, "A", "KIT_RECEIVED"))
    yield recorder_of(ledger)
    ledger.close()


def read(recorder: Recorder, after: tuple[str, int] = ("kit/", 0), **limits: int) -> list[str]:
    """Return the streams and versions of kits."""
    bounds = {"reached": 100, "limit": 100, "max_bytes": 10**6, **limits}
    found = recorder.select_by_stream(after, "kit0", **bounds)
    return [f"{each.originator_id} {each.originator_version}" for each in found]


def test_they_are_sorted_by_stream_and_version(recorder: Recorder) -> None:
    assert read(recorder) == ["kit/A 1", "kit/A 2", "kit/A-1 1", "kit/B 1"]


def test_they_go_on_after_a_version(recorder: Recorder) -> None:
    assert read(recorder, ("kit/A", 1)) == ["kit/A 2", "kit/A-1 1", "kit/B 1"]
    assert read(recorder, ("kit/A", 2)) == ["kit/A-1 1", "kit/B 1"]
    assert read(recorder, ("kit/B", 1)) == []


def test_they_end_at_a_position(recorder: Recorder) -> None:
    last = recorder.max_notification_id()
    assert read(recorder, reached=last - 1) == ["kit/A 1", "kit/A-1 1", "kit/B 1"]
    assert read(recorder, reached=0) == []


def test_they_are_limited_by_number_and_by_bytes(recorder: Recorder) -> None:
    assert read(recorder, limit=2) == ["kit/A 1", "kit/A 2"]
    assert read(recorder, max_bytes=1) == ["kit/A 1"]
