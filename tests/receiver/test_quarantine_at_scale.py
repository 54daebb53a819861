"""Many held deliveries at once: chosen by ids or by what they have in common, and counted."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.service import Service
from tests.receiver.examples import Fresh, held, kit_event, note, position
from tests.receiver.test_cli import error, here, rows


@pytest.fixture
def source(service: Service, fresh: Fresh) -> str:
    """Give a source of a test's own."""
    name = f"many-{fresh()}"
    service.add_source(name)
    return name


def broken(service: Service, source: str, number: int, fresh: Fresh) -> list[int]:
    """Let a source send so many events without a status; return under which ids they are held."""
    events = [{**kit_event(fresh(), "K"), "data": {"kit": {"barcode": "K"}}} for _ in range(number)]
    results = service.post_webhook(events, source=source).json()["results"]
    return [result["quarantine"] for result in results]


def states(service: Service, source: str) -> list[str]:
    return [
        row["state"] for row in rows(service, "quarantine", "list", "--all", "--source", source)
    ]


def test_several_ids_are_treated_by_one_command(
    service: Service, source: str, fresh: Fresh
) -> None:
    ids = [*map(str, broken(service, source, 3, fresh))]

    refused = here(service, "quarantine", "release", *ids)

    assert re.search(r"^0 released", refused.output, re.M)
    for each in ids:
        assert re.search(rf"^{each}: it is still invalid", refused.output, re.M)
    assert refused.exit_code == 1
    done = service.here("quarantine", "discard", *ids[:2], ids[0], "--why", "a test of theirs")
    assert "2 discarded" in done.stdout
    assert states(service, source) == ["discarded", "discarded", "held"]


def test_what_is_refused_does_not_hold_up_the_others(
    service: Service, source: str, fresh: Fresh
) -> None:
    one, two, three = map(str, broken(service, source, 3, fresh))
    service.here("quarantine", "discard", two, "--why", "a test of theirs")

    done = here(service, "quarantine", "discard", one, two, "0", three, "--why", "all of them")

    assert "2 discarded" in done.stdout
    assert "2 of 4 were refused" in done.stderr
    assert states(service, source) == ["discarded"] * 3


def test_a_thousand_are_discarded_by_what_they_have_in_common(
    service: Service, source: str, fresh: Fresh
) -> None:
    broken(service, source, 1000, fresh)
    service.post_webhook(b"not json", source=source)
    before = position(service)

    chosen = ("--source", source, "--reason", "invalid", "--before", "2100-01-01")
    done = service.here("quarantine", "discard", *chosen, "--why", "a version of theirs")

    assert "1000 discarded" in done.stdout
    assert position(service) == before + 1000
    (left,) = rows(service, "quarantine", "list", "--source", source)
    assert left["reason"] == "not-json"
    assert "0 discarded" in service.here("quarantine", "discard", *chosen, "--why", "x").stdout


def test_a_selection_of_conflicts_is_released_when_that_is_meant(
    service: Service, source: str, fresh: Fresh
) -> None:
    events = [kit_event(fresh(), f"SCALE{fresh()}", "KIT_SHIPPED") for _ in range(3)]
    service.post_webhook(events, source=source)
    for event in events:
        event["data"]["kit"]["status"] = "KIT_FAILED"
    service.post_webhook(events, source=source)

    refused = here(service, "quarantine", "release", "--source", source)

    assert "3 of 3 were refused" in refused.stderr
    done = service.here("quarantine", "release", "--source", source, "--yes")
    assert "3 released" in done.stdout
    for event in events:
        kit = service.get(f"/api/v1/kits/{event['data']['kit']['barcode']}/").json()
        assert kit["status"] == "KIT_FAILED"


def test_only_what_came_before_a_time_is_chosen(
    service: Service, source: str, fresh: Fresh
) -> None:
    broken(service, source, 2, fresh)
    long_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    listed = rows(service, "quarantine", "list", "--source", source, "--before", long_ago)
    assert listed == []
    done = service.here("quarantine", "discard", "--before", long_ago, "--why", "x")
    assert states(service, source) == ["held", "held"], done.stdout


@pytest.mark.one_store
@pytest.mark.parametrize(
    "words", [[], ["1", "--source", "lab"], ["--reason", "bad"], ["--before", "x"]]
)
@pytest.mark.parametrize("verb", [["release"], ["discard", "--why", "x"]], ids=str)
def test_ids_and_selections_are_not_mixed(
    service: Service, verb: list[str], words: list[str]
) -> None:
    assert here(service, "quarantine", *verb, *words).exit_code == 2


def test_what_is_held_is_counted_by_source_and_reason(
    service: Service, source: str, fresh: Fresh
) -> None:
    ids = broken(service, source, 3, fresh)
    service.post_webhook(b"not json", source=source)

    def gauges() -> dict[str, float]:
        rows(service, "quarantine", "list")
        wanted = rf'kitledger_quarantine_held{{reason="(.*)",source="{source}"}} (.*)'
        return {m[1]: float(m[2]) for m in re.finditer(wanted, service.get("/metrics").text)}

    assert gauges() == {"invalid": 3, "not-json": 1}
    service.here("quarantine", "discard", *map(str, ids), "--why", "x")
    assert gauges() == {"not-json": 1}


def test_fields_that_do_not_count_make_no_conflicts(
    service: Service, source: str, fresh: Fresh
) -> None:
    event = {**note(fresh(), data={"tags": ["a"], "sent": {"at": 1}}), "attempt": 1}
    service.post_webhook(event, source=source)
    conflict = service.post_webhook({**event, "attempt": 2}, source=source)
    assert conflict.status_code == 409

    service.here(
        "sources", "set", source, "--ignore-field", "/attempt", "--ignore-field", "/data/sent"
    )

    for again in ({"attempt": 2}, {"attempt": None}, {"data": {"tags": ["a"], "sent": 5}}):
        answer = service.post_webhook({**event, **again}, source=source)
        assert (answer.status_code, answer.json()["status"]) == (200, "duplicate")
    for other in ({"data": {"tags": ["b"]}}, {"attempts": 1}, {"type": "note.other"}):
        assert service.post_webhook({**event, **other}, source=source).status_code == 409
    released = service.here("quarantine", "release", str(conflict.json()["quarantine"]))
    assert "duplicate" in released.stdout
    assert held(service, conflict.json())["state"] == "released"

    service.here("sources", "set", source, "--ignore-field", "")
    assert service.post_webhook({**event, "attempt": 3}, source=source).status_code == 409


@pytest.mark.one_store
def test_fields_that_do_not_count_are_listed_with_their_source(
    service: Service, source: str, fresh: Fresh
) -> None:
    name = f"{source}.b"
    service.add_source(name, "--ignore-field", "/attempt", "--ignore-field", "/a~1b")
    ignored = {row["name"]: row["ignored"] for row in rows(service, "sources", "list")}
    assert (ignored[name], ignored[source]) == (["/attempt", "/a~1b"], [])
    for pointer in ("attempt", "/a~2", "/" + "x" * 300, "/\x1b"):
        refused = here(service, "sources", "set", name, "--ignore-field", pointer)
        assert "JSON pointer" in error(refused)
