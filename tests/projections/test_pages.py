"""Every page of every list is an index seek: what it costs does not grow with the table."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from projections.models.events import Events, blocks
from projections.models.kit_registrations import KitRegistrations
from projections.models.kits import Kits
from projections.models.reports import Reports
from projections.snapshots import Snapshot
from store.engines import driver_of
from tests.harness.stores import Stores
from tests.projections.world import World

EVENTS, KITS, REPORTS, REGISTRATIONS = Events(), Kits(), Reports(), KitRegistrations()
ROWS = 20_000
LIMIT = 10
FILL = """WITH RECURSIVE n(n) AS (
        SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM n WHERE n < {rows})
    INSERT INTO {table} SELECT {columns} FROM n"""
# Later ones have text ids, which say nothing of the time; those of type u1 come from e, those of u0 from d.
TEXTS = (
    "-n, CASE WHEN n % 2 = 1 THEN 'e' ELSE 'd' END, 'x' || ((n * 7919) % {rows}),"
    " 'u' || (n % 2), 1000000 * (n + 100), '{{}}', n"
)
TABLES = {
    # Odd numbers are of type t1 and come from c, even ones of type t0 and from a; the last from b.
    EVENTS: "n, CASE WHEN n > {rows} - 40 THEN 'b' WHEN n % 2 = 1 THEN 'c' ELSE 'a' END, NULL,"
    " 't' || (n % 2), 1000000 * n, '{{}}', n",
    KITS: "'K' || (10000000 + n), 'S' || (n % 3), n, NULL, n, n, '', n, 1",
    REPORTS: "n, 'S' || (n % 3), NULL, n, n, '', n, 1",
    REGISTRATIONS: "n, n, n, n % 7, 'K' || n, NULL, n",
}
BLOCKS = """INSERT INTO {blocks}
    SELECT id / 1024, min(created_at), max(created_at) FROM {events} WHERE id > 0 GROUP BY 1"""
COUNTED = 2000
"""Steps, in tens, that finding out whether a time has few events or many may cost: of 10 000 for all."""
FEW_ROWS = 1001 + 1024 + ROWS // 1024 + 2 * LIMIT
"""Rows that finding this out may cost, and then looking through the blocks, and through one of them."""
ASKED = 7
"""More often than PostgreSQL plans before it takes one plan for any value."""
PLANS = """LOAD 'auto_explain'; SET LOCAL auto_explain.log_min_duration = 0;
    SET LOCAL auto_explain.log_analyze = on; SET LOCAL auto_explain.log_format = json;
    SET LOCAL auto_explain.log_level = notice"""


def at(seconds: int) -> datetime:
    """Return when the event of this number was created."""
    return datetime.fromtimestamp(seconds, UTC)


PAGES: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "events": (EVENTS.page, {}),
    "events after": (EVENTS.page, {"after": (ROWS // 2, "a")}),
    "events of a type": (EVENTS.page, {"type": "t1"}),
    "events of a type after": (EVENTS.page, {"type": "t1", "after": (ROWS // 2, "a")}),
    "events of a source": (EVENTS.page, {"source": "b"}),
    "events of a source after": (EVENTS.page, {"source": "a", "after": (ROWS // 2, "a")}),
    "events of a source with another type": (EVENTS.page, {"type": "t1", "source": "a"}),
    "events of no type": (EVENTS.page, {"type": "none"}),
    "events of few since": (EVENTS.page, {"since": at(ROWS - 50)}),
    "events of many since": (EVENTS.page, {"since": at(ROWS // 2)}),
    "events of many since after": (
        EVENTS.page,
        {"since": at(ROWS // 4), "after": (ROWS // 2, "a")},
    ),
    "events of few before": (EVENTS.page, {"before": at(60)}),
    "events of many before": (EVENTS.page, {"before": at(ROWS // 2)}),
    "events of few in between": (EVENTS.page, {"since": at(9000), "before": at(9050)}),
    "events of many in between": (EVENTS.page, {"since": at(9000), "before": at(15_000)}),
    "events of a type of few since": (EVENTS.page, {"type": "t1", "since": at(ROWS - 50)}),
    "events of a type of many since": (EVENTS.page, {"type": "t1", "since": at(ROWS // 2)}),
    "events of a source of few since": (EVENTS.page, {"source": "a", "since": at(ROWS - 50)}),
    "events since the end": (EVENTS.page, {"since": at(ROWS + 1)}),
    "events of text": (EVENTS.page, {"after": ("", "")}),
    "events of text after": (EVENTS.page, {"after": ("x5", "a")}),
    "events of text of a type after": (
        EVENTS.page,
        {"type": "u1", "after": ("x5", "a")},
    ),
    "events of text of a source": (EVENTS.page, {"source": "d", "after": ("", "")}),
    "events of text of a source after": (
        EVENTS.page,
        {"source": "d", "after": ("x5", "d")},
    ),
    "events of text of a source with another type": (
        EVENTS.page,
        {"source": "d", "type": "u1", "after": ("", "")},
    ),
    "events of text of few since": (EVENTS.page, {"since": at(ROWS - 50), "after": ("", "")}),
    "events of text of many since": (EVENTS.page, {"since": at(ROWS // 2), "after": ("", "")}),
    "events of text of many before after": (
        EVENTS.page,
        {"before": at(ROWS // 2), "after": ("x5", "d")},
    ),
    "kits": (KITS.page, {}),
    "kits after": (KITS.page, {"after": ("K10010000",)}),
    "kits of a status": (KITS.page, {"status": "S1"}),
    "kits of a status after": (KITS.page, {"status": "S1", "after": ("K10010000",)}),
    "kits of no status": (KITS.page, {"status": "none"}),
    "reports": (REPORTS.page, {}),
    "reports after": (REPORTS.page, {"after": (ROWS // 2,)}),
    "reports of a status": (REPORTS.page, {"status": "S1"}),
    "reports of a status after": (REPORTS.page, {"status": "S1", "after": (ROWS // 2,)}),
    "registrations": (REGISTRATIONS.page, {}),
    "registrations after": (REGISTRATIONS.page, {"after": (ROWS // 2,)}),
    "registrations of a customer": (REGISTRATIONS.page, {"customer": 3}),
    "registrations of a customer after": (
        REGISTRATIONS.page,
        {"customer": 3, "after": (ROWS // 2,)},
    ),
    "registrations of a kit": (REGISTRATIONS.page, {"kit": "K9000"}),
    "registrations of a customer and kit": (REGISTRATIONS.page, {"customer": 5, "kit": "K9000"}),
    "one kit": (lambda view, limit: KITS.one(view, "K10010000"), {}),
    "one report": (lambda view, limit: REPORTS.one(view, 9000), {}),
    "one registration": (lambda view, limit: REGISTRATIONS.one(view, 9000), {}),
}


@pytest.fixture(scope="module")
def full(stores: Stores) -> Iterator[World]:
    """Fill the tables."""
    with stores.empty() as url:
        made = World(url)
        with made.views.transaction() as connection:
            names = {model: made.named(model.tables[0][0]) for model in TABLES}
            for model, columns in [*TABLES.items(), (EVENTS, TEXTS)]:
                values = columns.format(rows=ROWS)
                fill = FILL.format(rows=ROWS, table=names[model], columns=values)
                connection.exec_driver_sql(fill, execution_options={"no_parameters": True})
            connection.exec_driver_sql(
                BLOCKS.format(blocks=made.named(blocks.BLOCKS[0]), events=names[EVENTS])
            )
            # SQLite goes by its rules; PostgreSQL by what it has counted, which it does every now and then.
            if made.on_postgres:
                connection.exec_driver_sql("ANALYZE")
        yield made
        made.close()


def plan_of(view: Snapshot, ask: Callable[[], Any]) -> list[str]:
    """Return how the database goes about the statements that are run."""
    driver = driver_of(view.connection)
    asked: list[str] = []
    driver.set_trace_callback(asked.append)
    ask()
    driver.set_trace_callback(None)
    assert asked, "what is asked of the database can be seen"
    explained = [driver.execute(f"EXPLAIN QUERY PLAN {statement}") for statement in asked]
    return [row[3] for rows in explained for row in rows]


def steps_of(view: Snapshot, ask: Callable[[], Any]) -> int:
    """Count the steps that the database takes, in tens."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    driver = driver_of(view.connection)
    driver.set_progress_handler(count, 10)
    ask()
    driver.set_progress_handler(None, 0)
    return steps


def rows_of(view: Snapshot, ask: Callable[[], Any]) -> tuple[int, list[str]]:
    """Count the rows that PostgreSQL looks at, and return how it went about it."""
    heard: list[str] = []
    driver = driver_of(view.connection)
    driver.execute(PLANS)
    driver.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
    usual, driver.prepare_threshold = driver.prepare_threshold, 0
    ask()
    driver.prepare_threshold = usual
    driver.execute("SET LOCAL auto_explain.log_min_duration = -1")
    plans = [json.loads(each[each.index("{") :])["Plan"] for each in heard if "plan:" in each]
    assert plans, "what is asked of the database can be seen"
    return sum(map(looked_at, plans)), heard


def looked_at(plan: dict[str, Any]) -> int:
    """Count the rows that the scans of a plan have read, whether they wanted them or not."""
    below = sum(map(looked_at, plan.get("Plans", ())))
    if "Scan" not in plan["Node Type"]:
        return below
    read = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"]
    return below + int(plan["Actual Loops"] * sum(plan.get(name, 0) for name in read))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_an_index_seek(full: World, page: str) -> None:
    method, wanted = PAGES[page]
    counted = bool({"since", "before"} & set(wanted))
    with full.reading(EVENTS) as view:
        ask = partial(method, view, limit=LIMIT, **wanted)
        if full.on_postgres:
            for _ in range(ASKED):
                rows, plans = rows_of(view, ask)
                assert rows <= (FEW_ROWS if counted else 10 * LIMIT), plans
            return
        plan = plan_of(view, ask)
        steps = steps_of(view, ask)
    assert not [line for line in plan if "TEMP B-TREE" in line], plan
    # The first page of all there is follows an index from its beginning: SQLite calls that a scan.
    scans = [line for line in plan if line.startswith("SCAN") and "_0" in line]
    assert all("INDEX" in line and not wanted for line in scans), plan
    bound = COUNTED if counted else 20 * LIMIT
    assert steps < bound, f"{steps}0 steps for {LIMIT} of {ROWS} rows: {plan}"


@pytest.mark.parametrize("limit", [1, 10, 999])
def test_page_after_page_every_row_comes_once_and_in_order(full: World, limit: int) -> None:
    with full.reading(EVENTS) as view:
        seen: list[tuple[int, str]] = []
        after = (ROWS - 2000, "")
        while rows := EVENTS.page(view, limit=limit, after=after, type="t1"):
            seen += [(row["id"], row["source"]) for row in rows]
            after = seen[-1]
    assert [number for number, _ in seen] == [
        n for n in range(ROWS - 2000, ROWS + 1) if n % 2 == 1 and n > ROWS - 2000
    ]


def test_filters_hold_together(full: World) -> None:
    with full.reading(EVENTS) as view:
        rows = EVENTS.page(view, limit=99, type="t1", source="b", since=at(ROWS - 50))
        assert [row["id"] for row in rows] == [n for n in range(ROWS - 39, ROWS + 1) if n % 2 == 1]
        assert all(row["created_at"] >= at(ROWS - 50) for row in rows)
        assert EVENTS.page(view, limit=9, before=at(60), since=at(ROWS - 50)) == []
        assert [row["id"] for row in EVENTS.page(view, limit=99, before=at(60))] == list(
            range(1, 60)
        )
