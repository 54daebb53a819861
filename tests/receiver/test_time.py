"""What depends on the time: ages of signatures, keys that end, default dates, midnight, leap days."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.harness.in_process import InProcess, stopped_clock
from tests.harness.ledgers import TESTER
from tests.receiver.examples import kit_event, note

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
EVENTS = "/api/v1/events/"
REGISTRATIONS = "/api/organizations/1/profiles/70/registrations"


@pytest.fixture
def clock() -> Iterator[FrozenDateTimeFactory]:
    """Stop the time at noon."""
    with stopped_clock(NOON) as stopped:
        yield stopped


@pytest.fixture
def inside(clock: FrozenDateTimeFactory, tmp_path: Path) -> Iterator[InProcess]:
    """Give the service in this process, with the source `lab`."""
    made = InProcess(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_signature_is_good_for_five_minutes_either_way(
    inside: InProcess, clock: FrozenDateTimeFactory, seconds: int
) -> None:
    clock.tick(timedelta(seconds=seconds))

    assert inside.post_webhook(note(1), signed_at=NOON).status_code == 202


@pytest.mark.parametrize(("seconds", "words"), [(-301, "future"), (301, "too old")])
def test_a_signature_of_another_time_is_refused(
    inside: InProcess, clock: FrozenDateTimeFactory, seconds: int, words: str
) -> None:
    clock.tick(timedelta(seconds=seconds))

    refusal = inside.post_webhook(note(1), signed_at=NOON)

    assert refusal.status_code == 401
    assert words in refusal.text
    assert inside.get(EVENTS) == []


def test_a_delivery_of_today_may_be_repeated_tomorrow_when_it_is_signed_anew(
    inside: InProcess, clock: FrozenDateTimeFactory
) -> None:
    first = inside.post_webhook(note(1))
    clock.tick(timedelta(days=1))
    stale, again = inside.post_webhook(note(1), signed_at=NOON), inside.post_webhook(note(1))

    assert [first.status_code, stale.status_code, again.status_code] == [202, 401, 200]
    assert [event["created_at"] for event in inside.get(EVENTS)] == ["2026-01-05 12:00:00"]


def test_a_key_that_was_expired_verifies_nothing_from_then_on(
    inside: InProcess, clock: FrozenDateTimeFactory
) -> None:
    sources, old = inside.services.sources, inside.secret
    clock.tick(timedelta(hours=1))
    new = sources.rotate("lab", TESTER)
    between = [inside.post_webhook(note(n), secret=key) for n, key in enumerate((old, new), 1)]
    clock.tick(timedelta(hours=1))
    [lab] = sources.listing()
    sources.expire("lab", lab["keys"][0]["id"], TESTER)
    after = [inside.post_webhook(note(n), secret=key) for n, key in enumerate((old, new), 3)]

    assert [each.status_code for each in between + after] == [202, 202, 401, 202]
    [lab] = sources.listing()
    times = [(key["created_at"][:19], key["expired_at"]) for key in lab["keys"]]
    assert times == [
        ("2026-01-05T12:00:00", "2026-01-05T14:00:00+00:00"),
        ("2026-01-05T13:00:00", None),
    ]


def test_an_event_without_a_date_has_the_time_of_its_receipt(
    inside: InProcess, clock: FrozenDateTimeFactory
) -> None:
    clock.move_to(NOON.replace(hour=23, minute=59, second=59, microsecond=999999))
    inside.post_webhook(note(1))
    clock.tick(timedelta(microseconds=1))
    inside.post_webhook(note(2))
    inside.post_webhook(note(3, created_at="2017-11-24 10:00:00"))

    assert [event["created_at"] for event in inside.get(EVENTS)] == [
        "2026-01-05 23:59:59",
        "2026-01-06 00:00:00",
        "2017-11-24 10:00:00",
    ]
    today = inside.get(EVENTS, created_at__gte="2026-01-06")
    before = inside.get(EVENTS, created_at__gte="2026-01-05", created_at__lt="2026-01-06")
    assert [[event["id"] for event in listed] for listed in (today, before)] == [[2], [1]]


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2028, 2, 29, 12, tzinfo=UTC), "2028-02-29"),
        (datetime(2028, 2, 28, 23, 59, 59, 999999, tzinfo=UTC), "2028-02-28"),
        (datetime(2027, 2, 28, 23, 59, 59, tzinfo=UTC) + timedelta(seconds=1), "2027-03-01"),
        (datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC), "2027-12-31"),
    ],
    ids=["leap day", "before a leap day", "no leap day", "the year's last second"],
)
def test_days_of_the_calendar_are_shown_everywhere_alike(
    inside: InProcess, clock: FrozenDateTimeFactory, moment: datetime, shown: str
) -> None:
    clock.move_to(moment)
    inside.post_webhook(kit_event(1, "K"))
    registered = inside.ask("POST", "/api/v1/kit-registrations/", {"customer": 1, "kit": "K"})
    inside.ask("PUT", "/api/organizations/1/groups/1", {"name": "Camp"})
    made = inside.ask("POST", REGISTRATIONS, {"groupID": 1, "type": "patient"})

    [event], [kit] = inside.get(EVENTS), inside.get("/api/v1/kits/")
    [registration] = inside.get("/api/v1/kit-registrations/")
    [profile] = inside.get(REGISTRATIONS)
    assert (registered.json, made.json) == (registration, profile)
    dates = [event["created_at"], kit["created_at"], registration["created_at"], profile["created"]]
    assert [date[:10] for date in dates] == [shown] * 4
    assert registration["created_at"] == f"{moment.isoformat(timespec='seconds')}"
    assert profile["created"] == moment.replace(tzinfo=None).isoformat(" ", "milliseconds")
    assert [each["id"] for each in inside.get(EVENTS, created_at__gte=shown)] == [1]


def test_a_change_has_the_time_at_which_it_was_made_and_none_that_changes_nothing(
    inside: InProcess, clock: FrozenDateTimeFactory
) -> None:
    inside.ask("PUT", "/api/organizations/1/groups/1", {"name": "Camp"})
    made = inside.ask("POST", REGISTRATIONS, {"groupID": 1, "type": "patient"}).json
    path = f"{REGISTRATIONS}/{made['id']}"
    clock.tick(timedelta(days=1))
    nothing = inside.ask("PUT", path, {}).json
    clock.tick(timedelta(days=1))
    gone = inside.ask("DELETE", path)
    clock.tick(timedelta(days=1))
    again = inside.ask("DELETE", path)

    assert nothing == made
    assert [gone.status_code, again.status_code] == [204, 204]
    assert inside.get(path) == {
        **made,
        "updated": "2026-01-07 12:00:00.000",
        "deactivated": "2026-01-07 12:00:00.000",
    }


def test_a_clock_that_is_set_back_keeps_events_in_the_order_of_their_ids(
    inside: InProcess, clock: FrozenDateTimeFactory
) -> None:
    positions = [inside.post_webhook(kit_event(1, "K", "KIT_SHIPPED")).json["position"]]
    clock.tick(timedelta(hours=-1))
    positions.append(inside.post_webhook(kit_event(2, "K", "KIT_LOST")).json["position"])

    assert positions == sorted(positions)
    assert [(event["id"], event["created_at"]) for event in inside.get(EVENTS)] == [
        (1, "2026-01-05 12:00:00"),
        (2, "2026-01-05 11:00:00"),
    ]
    earlier = inside.get(EVENTS, created_at__lt="2026-01-05 12:00:00")
    assert [event["id"] for event in earlier] == [2]
