"""One event of each class, as it was when its golden file was written: never edit, only add.

Beside this file lies `<topic>.msgpack`, the bytes of its state. When an event changes its shape, its
old file stays under the name `<topic>.v<n>.msgpack`, and an entry under that name says what it must be
upcast to. `<topic>.mapped` has the fields that only events of senders with other envelopes have.
"""

from datetime import UTC, datetime
from typing import Any

from domain.aggregate import Event
from domain.aggregates.backup import Backup
from domain.aggregates.batch import Batch
from domain.aggregates.claim import Claim
from domain.aggregates.client import Client
from domain.aggregates.delivery import Delivery
from domain.aggregates.group import Group
from domain.aggregates.group_tree import GroupTree
from domain.aggregates.kit import Kit
from domain.aggregates.kit_holder import KitHolder
from domain.aggregates.kit_registration import KitRegistration
from domain.aggregates.projection import Projection
from domain.aggregates.quarantine import Quarantine
from domain.aggregates.registration import Registration
from domain.aggregates.report import Report
from domain.aggregates.review import Review
from domain.aggregates.source import Source
from domain.aggregates.transparency_log import TransparencyLog
from domain.cause import Cause

OPERATED = Cause.of("operator", "ada", "ada", why="sent by mistake", request_id="b7")
LEARNT = datetime(2026, 1, 5, 12, 30, 59, 123456, tzinfo=UTC)
VERIFIER_KEY = "lab.example/ledger+e0474421+AZKCXzT3JUnuSV3eYukFJyyJfgZeDD6dHBM6gfrIYMjV"
SENT = datetime(2017, 11, 24, 10, tzinfo=UTC)


def _receipt(stream: str, **others: Any) -> dict[str, Any]:
    return {
        "originator_id": stream,
        "originator_version": 1,
        "timestamp": LEARNT,
        "source": "lab",
        "key_id": "1",
        "webhook_id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook_timestamp": "1614265330",
        "signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "body": b'{"id": 5, "type": "kit.created", "data": {"kit": "\xc3\xa9"}}',
        "batch": None,
        **others,
    }


def _delivery(batch: str | None) -> dict[str, Any]:
    stream = Delivery.create_id("lab", 5)
    said = {
        "event_id": 5,
        "type": "kit.created",
        "created_at": SENT,
        "observed": Kit.create_id("A"),
    }
    return _receipt(stream, batch=batch, **said)


def _observed(stream: str, **others: Any) -> dict[str, Any]:
    return {
        "originator_id": stream,
        "originator_version": 2,
        "timestamp": LEARNT,
        "event_id": 2**53 - 1,
        "source": "lab",
        **others,
    }


def _ended() -> dict[str, Any]:
    stream = Quarantine.create_id("lab", b"{")
    return {"originator_id": stream, "originator_version": 2, "timestamp": LEARNT}


def _caused(event: Event, cause: Cause) -> Event:
    """Return the event with a cause, as the repository saves it."""
    vars(event).update(cause.fields)
    return event


def _registration(version: int, **others: Any) -> dict[str, Any]:
    return {
        "originator_id": KitRegistration.create_id(7),
        "originator_version": version,
        "timestamp": LEARNT,
        "registration_id": 7,
        "verification_date": SENT,
        **others,
    }


def _of(stream: str, **others: Any) -> dict[str, Any]:
    return {"originator_id": stream, "originator_version": 3, "timestamp": LEARNT, **others}


def _of_group(**others: Any) -> dict[str, Any]:
    return _of(Group.create_id(5, 6), organization_id=5, group_id=6, **others)


def _of_registration(**others: Any) -> dict[str, Any]:
    return _of(Registration.create_id(7), organization_id=5, registration_id=7, **others)


def _mapped(stream: str, **others: Any) -> dict[str, Any]:
    headers = {"x-github-delivery": "72d3162e", "x-github-event": "push", "x-\u00e9": "\u00ff"}
    more = {
        "source": "code",
        "webhook_id": "",
        "webhook_timestamp": "",
        "headers": headers,
        "event_id": "72d3162e",
    }
    return _receipt(stream, **{**more, "body": b"\xef\xbb\xbf{}", **others})


ARRAY = Batch.create_id("lab", b"[]")
STATED = {"status": "KIT_FAILED", "created_at": SENT, "reason": "leaked \N{SNOWMAN}"}
EXAMPLES: dict[str, Event] = {
    "Delivery.Recorded.mapped": Delivery.Recorded(
        **_mapped(
            Delivery.create_id("code", "72d3162e"),
            type="push",
            created_at=SENT,
            observed=None,
            data_from="body:/a~1b",
        )
    ),
    "Kit.Observed.mapped": Kit.Observed(
        **_observed(Kit.create_id("B"), **STATED, barcode="B", shipment_id=None)
        | {"event_id": "\u20ac 1", "sequence": "0010"}
    ),
    "Quarantine.Held.mapped": Quarantine.Held(
        **_mapped(
            Quarantine.create_id("code", b"{}", {"x": "y"}),
            reason="invalid",
            errors={"header:x-github-event": ["Missing data for required field."]},
        )
    ),
    "Batch.Received": Batch.Received(**_receipt(ARRAY, body=b"[]")),
    "Delivery.Recorded": Delivery.Recorded(**_delivery(None)),
    "Delivery.Replaced": Delivery.Replaced(**_delivery(ARRAY)),
    "Kit.Observed": Kit.Observed(
        **_observed(Kit.create_id("A"), **STATED, barcode="A", shipment_id=None)
    ),
    "Kit.Retracted": Kit.Retracted(**_observed(Kit.create_id("A"), barcode="A")),
    "KitHolder.Assigned": KitHolder.Assigned(
        originator_id=KitHolder.create_id("A"),
        originator_version=1,
        timestamp=LEARNT,
        customer=70,
        registration_id=7,
    ),
    "KitRegistration.Registered": KitRegistration.Registered(
        **_registration(1, customer=70, kit="A")
    ),
    "KitRegistration.VerificationDateSet": KitRegistration.VerificationDateSet(**_registration(2)),
    "Quarantine.Held": Quarantine.Held(
        **_receipt(
            Quarantine.create_id("lab", b"{"),
            body=b"{",
            reason="invalid",
            errors={"data.kit.status": ["Missing data for required field."]},
            event_id=None,
        )
    ),
    "Quarantine.Released": _caused(Quarantine.Released(**_ended()), OPERATED),
    "Quarantine.Discarded": _caused(Quarantine.Discarded(**_ended()), OPERATED),
    "Quarantine.Released.v1": _caused(
        Quarantine.Released(**_ended()), Cause("operator/operator", "operator")
    ),
    "Quarantine.Discarded.v1": _caused(
        Quarantine.Discarded(**_ended()),
        Cause("operator/operator", "operator", why="sent by mistake"),
    ),
    "Report.Observed": Report.Observed(**_observed(Report.create_id(9), **STATED, report_id=9)),
    "Report.Retracted": Report.Retracted(**_observed(Report.create_id(9), report_id=9)),
    "Claim.Taken": Claim.Taken(**_of(Claim.identifier_key(5, "north"), holder=6)),
    "Claim.Freed": Claim.Freed(**_of(Claim.registration_key(5, 8, 6, "patient"))),
    "Group.Made": Group.Made(**_of_group(name="North", parent_id=5)),
    "Group.Renamed": Group.Renamed(**_of_group(name="Nørd")),
    "Group.Identified": Group.Identified(**_of_group(identifier=None)),
    "Group.Moved": Group.Moved(**_of_group(parent_id=5)),
    "GroupTree.Rearranged": GroupTree.Rearranged(
        **_of(GroupTree.create_id(5), group_id=6, parent_id=5)
    ),
    "Registration.Registered": Registration.Registered(
        **_of_registration(profile_id=8, group_id=6, type="patient")
    ),
    "Registration.Moved": Registration.Moved(**_of_registration(group_id=6)),
    "Registration.TypeChanged": Registration.TypeChanged(**_of_registration(type="provider")),
    "Registration.Deactivated": Registration.Deactivated(**_of_registration(deactivated=SENT)),
    "Registration.Reactivated": Registration.Reactivated(**_of_registration()),
    "Source.Added": _caused(
        Source.Added(
            **_of(
                Source.create_id("lab"),
                settings={"scheme": "hmac-sha256", "tolerance": 300, "ignored": ["/attempt"]},
            )
        ),
        OPERATED,
    ),
    "Source.Changed": Source.Changed(**_of(Source.create_id("lab"), settings={"tolerance": 60})),
    "Source.KeyAdded": Source.KeyAdded(
        **_of(Source.create_id("lab"), key_id="key_1", fingerprint="0a1b2c3d4e5f")
    ),
    "Source.KeyExpired": Source.KeyExpired(
        **_of(Source.create_id("lab"), key_id="key_1", expires_at=SENT)
    ),
    "Source.Retired": Source.Retired(**_of(Source.create_id("lab"))),
    "Source.Reopened": Source.Reopened(**_of(Source.create_id("lab"))),
    "Client.Added": Client.Added(
        **_of(
            Client.create_id(3),
            name="Žofie",
            roles=["auditor"],
            organization=5,
            fingerprint="0a1b2c3d4e5f",
        )
    ),
    "Client.Revoked": Client.Revoked(**_of(Client.create_id(3))),
    "Projection.Skipped": Projection.Skipped(
        **_of(Projection.create_id("kits"), position=7, error="KeyError('x')")
    ),
    "Projection.Rebuilt": Projection.Rebuilt(**_of(Projection.create_id("kits"), position=7)),
    "Review.Recorded": _caused(
        Review.Recorded(
            **_of(Review.create_id(4)),
            first=1,
            last=7,
            finding="one kit was shipped twice",
            independent=True,
            organization_id=5,
        ),
        Cause("client/3", "Žofie", why="the monthly review", request_id="r-1"),
    ),
    "Backup.Made": Backup.Made(**_of(Backup.create_id(), file="copy.db", position=7)),
    "TransparencyLog.KeyAdded": TransparencyLog.KeyAdded(
        **_of(TransparencyLog.create_id(), verifier_key=VERIFIER_KEY)
    ),
    "TransparencyLog.KeyRetired": TransparencyLog.KeyRetired(
        **_of(TransparencyLog.create_id(), verifier_key=VERIFIER_KEY)
    ),
    "TransparencyLog.OriginBegun": TransparencyLog.OriginBegun(
        **_of(
            TransparencyLog.create_id(),
            verifier_keys=[VERIFIER_KEY],
            last_checkpoint="lab.example/ledger\n5\n",
        )
    ),
}
