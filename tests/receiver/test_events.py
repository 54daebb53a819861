"""GET /api/v1/events/: what sources announced, as they sent it."""

from typing import Any

import pytest

from tests.harness.service import Service
from tests.receiver.examples import (
    SEED_EVENTS,
    SPACED,
    Fresh,
    event_ids,
    note,
    pages,
    problem,
    sample,
)

EVENTS = "/api/v1/events/"


class Announcer:
    """Announces events of a type that no other test uses."""

    def __init__(self, service: Service, fresh: Fresh) -> None:
        self.type = f"note.{fresh()}"
        self._service, self._fresh = service, fresh

    def __call__(self, *envelopes: dict[str, Any]) -> list[int]:
        """Announce events with the given fields, and return their ids."""
        events = [note(self._fresh(), type=self.type, **envelope) for envelope in envelopes]
        results = self._service.post_webhook(events).json()["results"]
        assert {result["status"] for result in results} == {"recorded"}
        return [event["id"] for event in events]


@pytest.fixture
def announce(service: Service, fresh: Fresh) -> Announcer:
    return Announcer(service, fresh)


def test_the_events_of_the_seeds_are_listed_as_they_were_sent(service: Service) -> None:
    service.add_source("seeds")
    sent = [sample(name) for name in SEED_EVENTS]

    answers = [service.post_webhook(event, source="seeds") for event in sent]

    assert [answer.status_code for answer in answers] == [202] * 7
    listed = service.get(EVENTS, params={"source": "seeds"}).json()
    assert [list(event) for event in listed] == [["id", "created_at", "type", "data"]] * 7
    assert all(SPACED.fullmatch(event.pop("created_at")) for event in listed)
    assert listed == sent


def test_the_list_of_the_seeds_comes_back_as_it_stands_there(service: Service) -> None:
    service.add_source("seed-list")
    expected = sample("events-list")

    service.post_webhook(list(reversed(expected)), source="seed-list")

    answer = service.get(EVENTS, params={"source": "seed-list"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == expected


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2017-11-24 10:00:00", "2017-11-24 10:00:00"),
        ("2017-11-24T10:00:00", "2017-11-24 10:00:00"),
        ("2017-11-24T10:00:00Z", "2017-11-24 10:00:00"),
        ("2017-11-24T10:00:00.999999+02:00", "2017-11-24 08:00:00"),
        ("2017-11-24", "2017-11-24 00:00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01 00:00:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31 23:59:59"),
    ],
)
def test_created_at_is_shown_in_utc(
    service: Service, announce: Announcer, sent: str, shown: str
) -> None:
    announce({"created_at": sent})

    (event,) = service.get(EVENTS, params={"type": announce.type}).json()

    assert event["created_at"] == shown


def test_data_is_shown_as_it_was_sent(service: Service, announce: Announcer) -> None:
    data = {"ключ": ["😀", None, True, 1.5, 10**15, -0.001, "", {}, []], "": {"z": 1, "a": 2}}
    announce({"data": data})

    (event,) = service.get(EVENTS, params={"type": announce.type}).json()

    assert event["data"] == data
    assert list(event["data"][""]) == ["z", "a"]


def test_created_at_bounds_include_the_first_and_not_the_last(
    service: Service, announce: Announcer
) -> None:
    hours = [f"2017-11-24 {hour:02}:00:00" for hour in range(4)]
    ids = announce(*({"created_at": hour} for hour in hours))

    def found(**query: str) -> list[int]:
        return event_ids(service, type=announce.type, **query)

    assert found(created_at__gte=hours[1]) == ids[1:]
    assert found(created_at__lt=hours[2]) == ids[:2]
    assert found(created_at__gte=hours[1], created_at__lt=hours[3]) == ids[1:3]
    assert found(created_at__gte=hours[2], created_at__lt=hours[1]) == []


def test_an_event_is_found_by_the_time_that_it_shows(service: Service, announce: Announcer) -> None:
    ids = announce({"created_at": "2017-11-24 12:00:00.9"}, {"created_at": "2017-11-24 12:00:01.1"})
    late, _ = service.get(EVENTS, params={"type": announce.type}).json()

    def found(**query: str) -> list[int]:
        return event_ids(service, type=announce.type, **query)

    assert found(created_at__lt="2017-11-24T12:00:00.5Z") == ids[:1]
    assert found(created_at__gte="2017-11-24T12:00:00.5Z") == ids[1:]
    assert (
        found(created_at__gte=late["created_at"], created_at__lt="2017-11-24 12:00:01") == ids[:1]
    )


@pytest.mark.parametrize(
    "noon",
    [
        "2017-11-24T12:00:00Z",
        "2017-11-24%2012:00:00",
        "2017-11-24+12:00:00",
        "2017-11-24T12:00:00%2B00:00",
        "2017-11-24T12:00:00+00:00",
        "2017-11-24T14:00:00+02:00",
        "2017-11-24+14:00:00+02:00",
        "2017-11-24T14:00:00+0200",
        "2017-11-24T07:00:00-05:00",
        "2017-11-24T12:00:00.000000",
    ],
)
def test_a_plus_in_a_date_may_arrive_as_a_space(
    service: Service, announce: Announcer, noon: str
) -> None:
    ids = announce({"created_at": "2017-11-24 11:59:59"}, {"created_at": "2017-11-24 12:00:00"})

    answer = service.get(f"{EVENTS}?type={announce.type}&created_at__gte={noon}")

    assert [event["id"] for event in answer.json()] == ids[1:]


@pytest.mark.parametrize(
    "query",
    [
        "created_at__gte=yesterday",
        "created_at__gte=",
        "created_at__lt=2017-13-01",
        "created_at__lt=2017-11-24T25:00:00",
        "created_at__gte=1511517600",
        "created_at__gte=0001-01-01T00:00:00%2B01:00",
        "created_at__gte=2017-11-24&created_at__gte=2017-11-25",
        "type=",
        "type=a%00b",
        f"type={'x' * 200}",
        "source=%00",
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=1.5",
        "limit=ten",
        "limit=%D9%A3",
        "limit=",
        "limit=5&limit=5",
        "after=5",
        "after=WzFd",
        "after=%F0%9F%98%80",
    ],
)
def test_a_bad_query_value_is_refused(service: Service, query: str) -> None:
    problem(service.get(f"{EVENTS}?{query}"), 400)


def test_a_bad_query_value_is_named(service: Service) -> None:
    refusal = problem(service.get(f"{EVENTS}?created_at__gte=x&limit=0&type=ok"), 400)
    assert set(refusal["errors"]) == {"created_at__gte", "limit"}


def test_pages_follow_each_other_to_the_end(service: Service, announce: Announcer) -> None:
    ids = announce(*[{}] * 7)

    found = pages(service, EVENTS, type=announce.type, limit=3)

    assert [[event["id"] for event in page] for page in found] == [ids[:3], ids[3:6], ids[6:]]


def test_events_of_two_sources_with_one_id_are_both_on_some_page(
    service: Service, fresh: Fresh
) -> None:
    ids = [fresh(), fresh()]
    for source in ("twin-b", "twin-a"):
        service.add_source(source)
        service.post_webhook([note(each, type="note.twin") for each in ids], source=source)

    found = pages(service, EVENTS, type="note.twin", limit=1)

    assert [page[0]["id"] for page in found] == [ids[0], ids[0], ids[1], ids[1]]


def test_a_page_has_a_hundred_events_unless_another_number_is_asked_for(
    service: Service, announce: Announcer
) -> None:
    ids = announce(*[{}] * 101)

    found = pages(service, EVENTS, type=announce.type)

    assert [len(page) for page in found] == [100, 1]
    assert event_ids(service, type=announce.type, limit=1000) == ids


def test_events_come_by_id_whatever_the_order_of_arrival(service: Service, fresh: Fresh) -> None:
    ids = [fresh() for _ in range(5)]
    for at in (3, 0, 4, 1, 2):
        service.post_webhook(note(ids[at], type="note.shuffled"))

    assert event_ids(service, type="note.shuffled") == ids


def test_a_read_sees_every_write_before_it_whichever_worker_took_it(
    service: Service, fresh: Fresh
) -> None:
    for _ in range(30):
        event = note(fresh(), type=f"note.{fresh()}")

        assert service.post_webhook(event).status_code == 202

        answer = service.get(EVENTS, params={"type": event["type"]})
        assert [each["id"] for each in answer.json()] == [event["id"]]
        assert "ledger-lag" not in answer.headers
