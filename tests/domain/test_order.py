"""What stands first among the observations of a thing: ids, then sequences, then the senders' times."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from domain.observation import Observation, current_status
from tests.domain.scene import NOON

pytestmark = pytest.mark.one_store


def seen(event_id: int | str, status: str, minute: int = 0, **more: Any) -> Observation:
    at: datetime = NOON + timedelta(minutes=minute)
    return Observation(event_id=event_id, source="lab", status=status, created_at=at, **more)


@pytest.mark.parametrize(
    ("observations", "status"),
    [
        pytest.param(
            [seen(10, "LAST", minute=0), seen(9, "FIRST", minute=5)], "LAST", id="integers by id"
        ),
        pytest.param(
            [seen("9", "FIRST", minute=0), seen("10", "LAST", minute=5)], "LAST", id="text by time"
        ),
        pytest.param(
            [seen("b", "FIRST", 9, sequence="01"), seen("a", "LAST", 0, sequence="02")],
            "LAST",
            id="text by sequence, whatever the times are",
        ),
        pytest.param(
            [seen("b", "FIRST", 9, sequence="9"), seen("a", "LAST", 0, sequence="10")],
            "LAST",
            id="sequences that are numbers as numbers",
        ),
        pytest.param(
            [seen("b", "FIRST", 9, sequence="0f"), seen("a", "LAST", 0, sequence="10")],
            "LAST",
            id="sequences by code points once one is no number",
        ),
        pytest.param(
            [seen("b", "LAST", 9, sequence="01"), seen("a", "FIRST", 0)],
            "LAST",
            id="by time once one has no sequence",
        ),
        pytest.param(
            [seen(99, "FIRST", 1), seen("a", "LAST", 2), seen(98, "MIDDLE", 0)],
            "LAST",
            id="by time once one id is text",
        ),
    ],
)
def test_any_order_of_arrival_ends_in_the_same_status(
    observations: list[Observation], status: str
) -> None:
    found = [current_status(each) for each in permutations(observations)]
    assert {each and each.status for each in found} == {status}


def test_of_equal_times_the_later_position_counts() -> None:
    one, other = seen("a", "ONE"), seen("b", "OTHER")
    ends = [current_status(each) for each in ([one, other], [other, one])]
    assert [each and each.status for each in ends] == ["OTHER", "ONE"]
