"""A resource that does not fit its aggregate or its read model is refused when it is defined."""

from collections.abc import Iterator

import pytest

from domain.aggregates.kit import Kit
from domain.observed import ObservedAggregate
from projections.models import kits, reports
from receiver import resources
from receiver.event_types import event_types
from receiver.observed import observed_resource
from receiver.resources.kits import RESOURCE, KitSchema


@pytest.fixture
def anew() -> Iterator[None]:
    """Let event types be found anew, before and after a test."""
    event_types.cache_clear()
    yield
    event_types.cache_clear()


def test_two_resources_can_not_have_one_event_type(
    anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "all_resources", lambda: (RESOURCE, RESOURCE))
    with pytest.raises(TypeError, match=r"kit\.created must have one resource"):
        event_types()


def test_a_field_without_a_column_is_refused() -> None:
    with pytest.raises(TypeError, match="the table of reports has no"):
        observed_resource(
            event_types=("kit.moved",),
            aggregate=Kit,
            payload=KitSchema,
            projection=reports.PROJECTION,
        )
    assert "shipment_id" in kits.PROJECTION.columns


def test_two_aggregates_can_not_have_one_category() -> None:
    with pytest.raises(TypeError, match="the category kit belongs to"):

        class Box(ObservedAggregate):
            Observed, Retracted = Kit.Observed, Kit.Retracted
            category, key = "kit", "barcode"

    assert ObservedAggregate.of_stream("kit/1") is Kit
