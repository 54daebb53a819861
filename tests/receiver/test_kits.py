"""GET /api/v1/kits/: how each kit stands."""

from itertools import permutations
from typing import Any
from urllib.parse import quote

import pytest

from tests.harness.service import Service
from tests.receiver.examples import ISO, SEED_EVENTS, Fresh, kit_event, pages, problem, sample

KITS = "/api/v1/kits/"


def told(service: Service, *events: Any) -> dict[str, Any]:
    """Post events about one kit, and return how it stands."""
    for event in events:
        assert service.post_webhook(event).status_code == 202
    kit: dict[str, Any] = service.get(f"{KITS}{events[0]['data']['kit']['barcode']}/").json()
    return kit


def test_the_kit_of_the_seeds_ends_as_failed(service: Service) -> None:
    kit = told(service, *map(sample, SEED_EVENTS[:4]))

    assert all(ISO.fullmatch(kit.pop(name)) for name in ("created_at", "modified_at"))
    assert kit == {
        "barcode": "UL42345",
        "status": "KIT_FAILED",
        "shipment_id": 2344,
        "reason": "Not enough DNA was extracted.",
    }


def test_a_kit_shows_its_fields_in_their_order(service: Service, fresh: Fresh) -> None:
    created = kit_event(fresh(), f"FIELDS{fresh()}") | {"created_at": "2017-11-24 10:00:00"}
    changed = kit_event(fresh(), created["data"]["kit"]["barcode"], "KIT_RECEIVED")

    kit = told(service, created, changed | {"created_at": "2017-11-24T12:30:00+02:00"})

    assert list(kit.items()) == [
        ("barcode", created["data"]["kit"]["barcode"]),
        ("status", "KIT_RECEIVED"),
        ("shipment_id", None),
        ("reason", None),
        ("created_at", "2017-11-24T10:00:00+00:00"),
        ("modified_at", "2017-11-24T10:30:00+00:00"),
    ]


@pytest.mark.parametrize("order", [*permutations(range(4))], ids=str)
def test_any_order_of_the_seeds_events_ends_the_same(
    service: Service, fresh: Fresh, order: tuple[int, ...]
) -> None:
    barcode, base = f"PERM{fresh()}", fresh()
    [fresh() for _ in range(4)]
    events = [sample(name) for name in SEED_EVENTS[:4]]
    for at, event in enumerate(events):
        event["id"] = base + at
        event["data"]["kit"]["barcode"] = barcode

    kit = told(service, *(events[at] for at in order))

    assert (kit["status"], kit["shipment_id"]) == ("KIT_FAILED", 2344)
    assert kit["reason"] == "Not enough DNA was extracted."


def test_a_lower_id_fills_what_is_empty_and_changes_nothing_else(
    service: Service, fresh: Fresh
) -> None:
    barcode, low, high = f"LATE{fresh()}", fresh(), fresh()

    kit = told(
        service,
        kit_event(high, barcode, "KIT_RECEIVED"),
        kit_event(low, barcode, "KIT_FAILED", reason="Lost in the post.", shipment_id=7),
    )

    assert (kit["status"], kit["shipment_id"], kit["reason"]) == ("KIT_RECEIVED", 7, None)


def test_a_reason_goes_when_the_status_it_explains_goes(service: Service, fresh: Fresh) -> None:
    barcode = f"REASON{fresh()}"
    failed = kit_event(fresh(), barcode, "KIT_FAILED", reason="Not enough DNA was extracted.")

    assert told(service, failed)["reason"] == "Not enough DNA was extracted."
    assert told(service, kit_event(fresh(), barcode, "KIT_PROCESSING"))["reason"] is None


@pytest.mark.parametrize("type_", ["kit.created", "kit.updated"])
@pytest.mark.parametrize("status", ["KIT_SHIPPED", "LOST_AT_SEA", "_", "X" * 64])
def test_either_type_makes_a_kit_in_any_status(
    service: Service, fresh: Fresh, type_: str, status: str
) -> None:
    kit = told(service, kit_event(fresh(), f"OPEN{fresh()}", status) | {"type": type_})

    assert kit["status"] == status


@pytest.mark.parametrize("barcode", ["a b", "a/b", "a%b", "a+b", "ä?#", "😀", "a;b=c", "."])
def test_a_barcode_may_need_escaping_in_its_path(
    service: Service, fresh: Fresh, barcode: str
) -> None:
    named = f"{fresh()}{barcode}x"
    escaped = "".join(f"%{byte:02X}" for byte in named.encode())

    assert service.post_webhook(kit_event(fresh(), named)).status_code == 202

    assert service.get(f"{KITS}{escaped}/").json()["barcode"] == named


@pytest.mark.one_store
@pytest.mark.parametrize(
    "barcode",
    [
        "/lead",
        "trail/",
        "/both/",
        "/",
        "//",
        "///a",
        "a//",
        "a//b",
        ".",
        "..",
        "../x",
        "/.",
        " ",
        "%2F",
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_every_barcode_that_is_accepted_can_be_read(
    service: Service, fresh: Fresh, barcode: str, slash: str
) -> None:
    assert service.post_webhook(kit_event(fresh(), barcode)).status_code == 202

    answer = service.get(f"{KITS}{quote(barcode, safe='').replace('.', '%2E')}{slash}")

    assert (answer.status_code, answer.json()["barcode"]) == (200, barcode)


@pytest.mark.one_store
@pytest.mark.parametrize("path", ["plain/slash", "plain/slash/", "plain%2Fslash/", "plain%2fslash"])
def test_a_slash_within_a_barcode_needs_no_escaping(
    service: Service, fresh: Fresh, path: str
) -> None:
    service.post_webhook(kit_event(fresh(), "plain/slash"))
    assert service.get(f"{KITS}{path}").json()["barcode"] == "plain/slash"
    problem(service.get(f"{KITS}{path}%2F"), 404)


@pytest.mark.parametrize("barcode", ["NONE", "x" * 500, "%00", "%FF%FE", "..%2f..", "%ED%A0%80"])
def test_a_kit_that_nobody_spoke_of_is_not_found(service: Service, barcode: str) -> None:
    problem(service.get(f"{KITS}{barcode}/"), 404)


def test_kits_can_be_listed_by_status(service: Service, fresh: Fresh) -> None:
    barcodes = [f"LISTED{fresh()}" for _ in range(5)]
    for barcode in reversed(barcodes):
        told(service, kit_event(fresh(), barcode, "LISTED_NOW"))
    told(service, kit_event(fresh(), barcodes[2], "LISTED_NO_MORE"))
    expected = [barcodes[at] for at in (0, 1, 3, 4)]

    found = pages(service, KITS, status="LISTED_NOW", limit=3)

    assert [[kit["barcode"] for kit in page] for page in found] == [expected[:3], expected[3:]]
    assert found[0][0] == service.get(f"{KITS}{barcodes[0]}/").json()


def test_all_pages_together_are_all_kits_by_barcode(service: Service, fresh: Fresh) -> None:
    for _ in range(5):
        told(service, kit_event(fresh(), f"ALL{fresh()}"))

    found = [kit["barcode"] for page in pages(service, KITS, limit=7) for kit in page]

    assert found == [kit["barcode"] for kit in service.get(KITS, params={"limit": 1000}).json()]
    assert found == sorted(set(found))


def test_a_status_that_no_kit_has_lists_none(service: Service) -> None:
    assert service.get(KITS, params={"status": "NEVER_HEARD_OF"}).json() == []


@pytest.mark.parametrize("query", ["status=shipped", "status=", "limit=0", "after=WzFd", "after=x"])
def test_a_bad_query_value_is_refused(service: Service, query: str) -> None:
    problem(service.get(f"{KITS}?{query}"), 400)
