"""The log is searched by seeks of an index, whatever the filter, and finds what a reading of all finds."""

import re
from collections.abc import Iterator
from itertools import count, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.event_queries import SELECT_STREAM_OF_TOPIC, SELECT_TOPICS
from store.log_queries import LogFilter, actors, lateral_seek, range_seek
from store.postgres import BATCH_OF_TOPICS
from store.stored_rows import AttributedEvent
from tests.harness.effort import effort
from tests.harness.ledgers import Recorder
from tests.harness.plain import Plain

TOPICS, ACTORS, ORGANIZATIONS = ("A.Made", "A.Moved", "B.Made"), ("client/1", "source/lab"), (7, 8)
SKEWED, LIMIT = 3000, 11
"""Events, most of them alike, so that to read them all may look cheap; and a few that are asked for."""
FILTERS = [
    LogFilter(topics, by, reason, organization)
    for topics, by, reason, organization in product(
        (TOPICS, TOPICS[:1]), ((), ACTORS[:1], ACTORS), (None, False, True), (None, 7)
    )
]


def lets_through(wanted: LogFilter, event: AttributedEvent) -> bool:
    """Say whether a filter lets an event through, as reading it tells."""
    return (
        event.topic in wanted.topics
        and (not wanted.by or event.by in wanted.by)
        and wanted.has_reason in {None, event.has_reason}
        and wanted.organization in {None, event.organization}
    )


def skewed() -> Iterator[AttributedEvent]:
    for number in range(SKEWED):
        rare = number < 5
        actor, organization = (ACTORS[0], 7) if rare else (ACTORS[1], None)
        topic = TOPICS[0] if rare else TOPICS[number % 3]
        yield AttributedEvent(f"s{number}", 1, topic, b"\x80", actor, rare, organization)


@pytest.fixture
def filled(recorder: Recorder, plain: Plain) -> Plain:
    """Give the plain database of a store whose statistics are known to it."""
    recorder.insert_events(list(skewed()))
    if plain.on_postgres:
        plain.query("VACUUM ANALYZE stored_events")
        # A generic plan has no values, and so can't be prepared.
        plain.connection.prepare_threshold = None
    return plain


def plan(plain: Plain, wanted: LogFilter) -> list[str]:
    """Return the steps by which the database finds what a filter lets through."""
    columns, ranges = wanted.columns, wanted.ranges(wanted.named() or [(TOPICS[0], ACTORS[0])])
    if not plain.on_postgres:
        bounds = (*ranges[0], SKEWED // 2, SKEWED, LIMIT)
        return [row[3] for row in plain.query(f"EXPLAIN QUERY PLAN {range_seek(columns)}", *bounds)]
    numbers = count(1)
    statement = re.sub(r"\?", lambda _: f"${next(numbers)}", lateral_seek(columns, LIMIT))
    # For any values: that is what a connection keeps after some requests.
    return [row[0] for row in plain.query(f"EXPLAIN (GENERIC_PLAN) {statement}")]


def test_every_filter_is_answered_by_seeks_of_an_index(filled: Plain) -> None:
    for wanted in FILTERS:
        steps = plan(filled, wanted)
        read = [step for step in steps if re.search(r"(Scan|SEARCH|SCAN) .*stored_events", step)]
        assert len(read) == 1, f"{wanted}: {steps}"
        if filled.on_postgres:
            assert "Index Only Scan using stored_events_" in read[0], f"{wanted}: {steps}"
            assert not [step for step in steps if "Filter" in step or "Incremental" in step]
        else:
            assert read[0].startswith("SEARCH stored_events USING COVERING INDEX"), f"{steps}"
            assert read[0].endswith("AND rowid>? AND rowid<?)"), f"{wanted}: {steps}"
            assert len(steps) == 1, f"{wanted}: {steps}"


def test_the_actors_of_a_topic_are_found_by_seeks_of_an_index(filled: Plain) -> None:
    for organization in (None, 7):
        given = [TOPICS[0]] if organization is None else [organization, TOPICS[0]]
        if filled.on_postgres:
            statement = actors(of_organization=organization is not None).replace("?", "%s")
            steps = [row[0] for row in filled.query(f"EXPLAIN {statement}", *given, *given)]
            read = [step for step in steps if "stored_events" in step]
            assert all("Index Only Scan using stored_events_" in step for step in read), steps
            assert not [step for step in steps if "Sort" in step], steps
            assert read, steps
        else:
            statement = actors(of_organization=organization is not None)
            steps = [
                row[3] for row in filled.query(f"EXPLAIN QUERY PLAN {statement}", *given, *given)
            ]
            read = [step for step in steps if "stored_events" in step]
            assert all(step.startswith("SEARCH stored_events USING COVERING") for step in read)
            assert not [step for step in steps if "B-TREE" in step], steps
            assert len(read) == 2, steps


def test_the_topics_of_a_log_are_found_by_seeks_of_an_index(
    filled: Plain, recorder: Recorder
) -> None:
    assert recorder.topics() == sorted(TOPICS)
    assert [recorder.stream_of_topic(topic) for topic in TOPICS[:2]] == ["s0", "s7"]
    for statement, values in ((SELECT_TOPICS, ()), (SELECT_STREAM_OF_TOPIC, (TOPICS[1],))):
        explain = "EXPLAIN" if filled.on_postgres else "EXPLAIN QUERY PLAN"
        marked = statement.replace("?", "%s") if filled.on_postgres else statement
        steps = [row[-1] for row in filled.query(f"{explain} {marked}", *values)]
        read = [step for step in steps if "stored_events" in step]
        assert read, steps
        assert all("stored_events_by" in step for step in read), steps
        assert not [
            step for step in steps if re.search("SCAN stored|Seq Scan|Sort|B-TREE", step)
        ], steps


def test_a_batch_is_read_by_positions_though_there_is_an_index_on_topics(
    filled: Plain, recorder: Recorder
) -> None:
    if filled.on_postgres:
        values = (0, list(TOPICS), LIMIT, 10**6)
        statement = f"EXPLAIN {BATCH_OF_TOPICS.replace('?', '%s')}"
        steps = " ".join(row[0] for row in filled.query(statement, *values))
        assert "stored_events_pkey" in steps
        assert "stored_events_by" not in steps
        return
    read = len(recorder.select_batch(0, topics=TOPICS, limit=LIMIT, max_bytes=10**6)[0])
    instructions = count()
    recorder._connected().set_progress_handler(lambda: next(instructions) < 0, 100)
    recorder.select_batch(0, topics=TOPICS, limit=LIMIT, max_bytes=10**6)
    # To sort all events would take a hundred thousand.
    assert (read, next(instructions) < 20) == (LIMIT, True)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(TOPICS),
        st.sampled_from(("", *ACTORS)),
        st.booleans(),
        st.sampled_from((None, *ORGANIZATIONS)),
    ),
    max_size=30,
)
WANTED = st.builds(
    LogFilter,
    st.lists(st.sampled_from((*TOPICS, "C.Never")), unique=True),
    st.lists(st.sampled_from((*ACTORS, "client/2")), unique=True),
    st.none() | st.booleans(),
    st.none() | st.sampled_from((*ORGANIZATIONS, 9)),
)
_streams = count()


@given(events=EVENTS, wanted=WANTED, bounds=st.tuples(*[st.integers(0, 31)] * 2), data=st.data())
@settings(max_examples=effort(30, 150), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_search_finds_what_reading_all_events_finds(
    recorder: Recorder,
    events: list[tuple[Any, ...]],
    wanted: LogFilter,
    bounds: tuple[int, int],
    data: st.DataObject,
) -> None:
    head = recorder.max_notification_id()
    made = [
        AttributedEvent(f"x{next(_streams)}", 1, topic, b"\x80", *others)
        for topic, *others in events
    ]
    recorder.insert_events(made)
    after, until = (head + bound for bound in bounds)
    limit = data.draw(st.integers(1, 12))

    found = recorder.select_log(wanted, after, until, limit)

    numbered = enumerate(made, head + 1)
    expected = [at for at, each in numbered if after < at <= until and lets_through(wanted, each)]
    assert [each.id for each in found] == expected[:limit]
