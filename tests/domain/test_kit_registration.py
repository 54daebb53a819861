"""A kit belongs to one customer; registering again finds the registration that exists."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.aggregates.kit_registration import KitRegistration
from domain.errors import KitOfAnotherCustomer, NotFound, Refusal, UnknownKitRegistration
from domain.ledger import Ledger
from domain.use_cases import kit_registrations
from tests.domain.scene import NOON, Scene
from tests.harness.ledgers import open_ledger

pytestmark = pytest.mark.one_store

LATER = NOON + timedelta(hours=1)
VERIFIED = datetime(2017, 11, 24, 10, tzinfo=UTC)


def register(
    ledger: Ledger, customer: int, kit: str, verification_date: datetime | None = None
) -> tuple[KitRegistration, bool]:
    return kit_registrations.register_kit(
        ledger, now=NOON, customer=customer, kit=kit, verification_date=verification_date
    )


def test_a_kit_is_registered_for_a_customer(scene: Scene) -> None:
    registration, new = register(scene.ledger, 70, "67", VERIFIED)
    assert new
    assert scene.topics == ["KitRegistration.Registered", "KitHolder.Assigned"]
    again = kit_registrations.kit_registration(scene.ledger.streams, registration.registration_id)
    assert (again.registration_id, again.customer, again.kit) == (1, 70, "67")
    assert again.verification_date == VERIFIED
    assert again.created_at == again.modified_at == NOON


def test_the_same_customer_and_kit_again_is_the_same_registration(scene: Scene) -> None:
    first, _ = register(scene.ledger, 70, "67", VERIFIED)
    scene.given()
    again, new = register(scene.ledger, 70, "67")
    assert (again.registration_id, new) == (first.registration_id, False)
    assert again.verification_date == VERIFIED
    assert scene.news == []


def test_the_kit_of_another_customer_is_refused(scene: Scene) -> None:
    register(scene.ledger, 70, "67")
    scene.given()
    with pytest.raises(KitOfAnotherCustomer, match="kit 67") as refused:
        register(scene.ledger, 71, "67")
    assert isinstance(refused.value, Refusal)
    assert scene.news == []


def test_a_customer_may_have_several_kits_whose_ids_rise(scene: Scene) -> None:
    ids = [register(scene.ledger, 70, kit)[0].registration_id for kit in ("b", "a", "c")]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("before", [None, VERIFIED])
@pytest.mark.parametrize("after", [None, VERIFIED, VERIFIED + timedelta(days=1)])
def test_the_date_is_set_or_cleared_and_the_same_date_is_no_event(
    scene: Scene, before: datetime | None, after: datetime | None
) -> None:
    given, _ = register(scene.ledger, 70, "67", before)
    scene.given()
    changed = kit_registrations.set_verification_date(
        scene.ledger, given.registration_id, after, now=LATER
    )
    same = before == after
    assert scene.topics == ([] if same else ["KitRegistration.VerificationDateSet"])
    assert changed.verification_date == after
    assert (changed.created_at, changed.modified_at) == (NOON, NOON if same else LATER)
    assert vars(
        kit_registrations.kit_registration(scene.ledger.streams, given.registration_id)
    ) == vars(changed)


def test_the_same_moment_in_another_zone_is_the_same_date(scene: Scene) -> None:
    given, _ = register(scene.ledger, 70, "67", VERIFIED)
    scene.given()
    elsewhere = VERIFIED.astimezone(timezone(timedelta(hours=5)))
    kit_registrations.set_verification_date(
        scene.ledger, given.registration_id, elsewhere, now=LATER
    )
    assert scene.news == []


def test_a_date_that_was_kept_more_precisely_than_it_is_shown_is_the_shown_one(
    scene: Scene,
) -> None:
    given, _ = register(scene.ledger, 70, "67", VERIFIED.replace(microsecond=900_000))
    scene.given()
    kit_registrations.set_verification_date(
        scene.ledger, given.registration_id, VERIFIED, now=LATER
    )
    assert scene.news == []


@pytest.mark.parametrize("registration_id", [0, 7, 2**53 - 1])
def test_a_registration_that_nobody_made_is_unknown(scene: Scene, registration_id: int) -> None:
    with pytest.raises(UnknownKitRegistration) as refused:
        kit_registrations.set_verification_date(scene.ledger, registration_id, None, now=NOON)
    assert isinstance(refused.value, NotFound)
    assert scene.news == []


def test_of_many_who_want_the_same_kit_at_once_one_gets_it(scene: Scene, url: str) -> None:
    others = [open_ledger(url) for _ in range(4)]

    def want(customer: int) -> str:
        try:
            return "got" if register(others[customer % 4], customer, "67")[1] else "had"
        except KitOfAnotherCustomer:
            return "refused"

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(want, [0, 1, 2, 3, 4, 5, 6, 7]))
    for other in others:
        other.close()
    assert sorted(answers) == ["got"] + ["refused"] * 7
    assert scene.topics == ["KitRegistration.Registered", "KitHolder.Assigned"]
