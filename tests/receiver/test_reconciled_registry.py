"""What somebody does to sources, keys and clients past the program is found by their events."""

from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from eventsourcing.persistence import IntegrityError

from audit.reconcile.principals import NOT_IN_THE_LOG, differences
from domain.aggregates.source import Source
from receiver.services import Services, assemble
from receiver.settings import Settings
from registry.keys import SourceError
from registry.source_rows import change_source
from tests.harness.ledgers import TESTER
from tests.harness.service import Service


def opened(shell: Service) -> "closing[Services]":
    return closing(assemble(Settings.from_environment(shell.environment), migrate=True))


def found(shell: Service) -> list[tuple[str, list[Any], str, Any, Any]]:
    """Return the differences: table, key, field, what the log says, and what there is."""
    with opened(shell) as services:
        return [
            (each.kind, list(each.key.values()), each.field, each.expected, each.found)
            for each in differences(services.ledger, services.registry)
        ]


def test_each_row_that_was_changed_past_the_program_is_named_and_nothing_else(
    shell: Service, name: str
) -> None:
    shell.add_source(name, "--ignore-field", "/attempt")
    other, lost = f"{name}-other", f"{name}-lost"
    shell.add_source(other, "--scheme", "hmac-sha256")
    shell.add_source(lost)
    for words in (["set", "--tolerance", "60"], ["rotate"], ["retire", "--yes"], ["reopen"]):
        shell.here("sources", words[0], name, *words[1:])
    old, new = [key for (key,) in shell.query("SELECT id FROM source_keys WHERE source = %s", name)]
    shell.here("sources", "expire", name, old)
    shell.here("sources", "expire", name, new, "--at", "2100-01-01T12:00:00+01:00")
    [other_key] = shell.query("SELECT source, id FROM source_keys WHERE source = %s", other)
    client, revoked = (int(shell.add_client("reader")[0]) for _ in range(2))
    shell.here("clients", "revoke", str(revoked))
    assert found(shell) == []

    changes = [
        ("UPDATE sources SET tolerance = 86400 WHERE name = %s", name),
        ("UPDATE sources SET retired_at = '2020-01-01' WHERE name = %s", other),
        ("DELETE FROM source_ignored_fields WHERE source = %s", name),
        ("DELETE FROM sources WHERE name = %s", lost),
        ("UPDATE source_keys SET secret = 'whsec_AAAA' WHERE source = %s", other),
        ("UPDATE source_keys SET expired_at = NULL WHERE id = %s", old),
        ("INSERT INTO source_keys VALUES (%s, 'key_new', 'whsec_AAAA', '2020-01-01', NULL)", other),
        ("UPDATE source_keys SET expired_at = 'soon' WHERE id = %s", new),
        ("UPDATE clients SET roles = 'admin' WHERE id = %s", client),
        ("UPDATE clients SET revoked_at = NULL WHERE id = %s", revoked),
    ]
    for statement, value in changes:
        shell.query(statement, value)

    named = {(table, *key, field) for table, key, field, _, _ in found(shell)}
    assert named == {
        ("sources", name, "tolerance"),
        ("sources", name, "ignored"),
        ("sources", other, "retired"),
        ("sources", lost, "row"),
        ("source_keys", *other_key, "fingerprint"),
        ("source_keys", other, "key_new", "row"),
        ("source_keys", name, old, "expires_at"),
        ("source_keys", name, new, "expires_at"),
        ("clients", client, "roles"),
        ("clients", revoked, "revoked"),
    }
    assert ("source_keys", [other, "key_new"], "row", NOT_IN_THE_LOG, "present") in found(shell)


def test_a_change_that_fails_leaves_neither_a_row_nor_an_event(shell: Service, name: str) -> None:
    with opened(shell) as services:
        head = services.ledger.store.max_notification_id()
        with pytest.raises(SourceError):
            services.sources.add(name, TESTER, secret="short")
        assert services.sources.get(name) is None
        assert services.ledger.store.max_notification_id() == head
        services.sources.add(name, TESTER)
        assert services.ledger.store.max_notification_id() == head + 2


def test_a_change_is_not_made_when_its_event_can_not_be_stored(shell: Service, name: str) -> None:
    shell.add_source(name)
    with opened(shell) as services:
        before = services.sources.get(name)
        with pytest.raises(IntegrityError):
            _change_in_the_second_version(services, name)
        assert services.sources.get(name) == before
        stream = Source.create_id(name)
        assert services.ledger.streams.stream_versions([stream]) == {stream: 2}


def _change_in_the_second_version(services: Services, name: str) -> None:
    """Change a row, with an event of a version that the stream of its source has already."""
    with services.registry.changing(TESTER) as (connection, streams):
        change_source(connection, name, tolerance=7)
        source = Source(Source.create_id(name), version=1)
        source.trigger(Source.Changed, datetime.now(UTC), settings={"tolerance": 7})
        streams.save_aggregates(source)


@pytest.mark.parametrize("time", ["2020-01-01", "soon", ""])
def test_a_time_that_was_set_by_hand_expires_its_key_and_stops_no_other(
    shell: Service, name: str, time: str
) -> None:
    shell.add_source(name)
    shell.here("sources", "rotate", name)
    [first, second] = shell.query("SELECT id FROM source_keys WHERE source = %s", name)
    shell.query("UPDATE source_keys SET expired_at = %s WHERE id = %s", time, *first)

    with opened(shell) as services:
        source = services.sources.get(name)

    assert source is not None
    assert [key.id for key in source.keys] == [*second]
