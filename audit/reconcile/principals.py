"""Comparing the rows of sources, keys and clients with the events that record their changes."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from audit.decoding import decoded
from audit.log import all_of, topics_in
from audit.reconcile.comparison import PRESENT
from audit.reconcile.difference import MISSING, ROW, Difference
from domain.aggregates.client import Client
from domain.aggregates.source import Source
from domain.ledger import Ledger
from registry.envelope_mappings import KITLEDGER
from registry.ignored_fields import load_ignored
from registry.keys import FINGERPRINT_DIGITS, fingerprint
from registry.registry import Registry
from registry.source_parts import PARTS, load_parts
from registry.tables import clients, source_keys, sources
from store.log_queries import LogFilter

NOT_IN_THE_LOG = "not in the log"
KEYS = {"sources": ("name",), "source_keys": ("source", "id"), "clients": ("id",)}
Identity = tuple[str, tuple[Any, ...]]
"""The table and the key of a row."""
Rows = dict[Identity, dict[str, Any]]


def differences(ledger: Ledger, registry: Registry) -> Iterator[Difference]:
    """Yield what was changed past the program: rows that differ from their events, or have none.

    Rows that were made before the ledger had such events are not in the log; of these, only what later events
    say is compared.
    """
    expected, found, head = _read(ledger, registry)
    for row in sorted({*expected, *found}, key=repr):
        table, key = row[0], dict(zip(KEYS[row[0]], row[1], strict=True))
        if row not in found:
            yield Difference(table, key, ROW, PRESENT, MISSING, head)
        elif row not in expected:
            yield Difference(table, key, ROW, NOT_IN_THE_LOG, PRESENT, head)
        else:
            for name, value in expected[row].items():
                if found[row].get(name) != value:
                    yield Difference(table, key, name, value, found[row].get(name), head)


def _read(ledger: Ledger, registry: Registry) -> tuple[Rows, Rows, int]:
    """Return the rows that follow from the log, those that there are, and the head: all of one moment."""
    while True:
        version, head = registry.version(), ledger.store.max_notification_id()
        expected = dict(_expected(ledger, head))
        with registry.reading() as connection:
            found = dict(_found(connection))
        if registry.version() == version:
            return expected, found, head


def _expected(ledger: Ledger, until: int) -> Iterator[tuple[Identity, dict[str, Any]]]:
    principals: dict[str, Source | Client] = {}
    readable = set()
    kinds: dict[str, type[Source | Client]] = {"source": Source, "client": Client}
    topics = topics_in(ledger)
    wanted = LogFilter([name for name, kind in topics.items() if kind in kinds])
    for each in all_of(ledger, wanted, until):
        event, stream = decoded(ledger.streams, each), str(each.originator_id)
        principal = principals.setdefault(stream, kinds[topics[each.topic]](stream))
        if event is None:
            # One of a later version, which says nothing here.
            principal.version += 1
            continue
        principal.replay([event])
        readable.add(stream)
    for stream in principals.keys() & readable:
        yield from _rows(principals[stream])


def _rows(principal: Source | Client) -> Iterator[tuple[Identity, dict[str, Any]]]:
    if isinstance(principal, Source):
        yield from _of_source(principal)
    else:
        yield _of_client(principal)


def _of_source(source: Source) -> Iterator[tuple[Identity, dict[str, Any]]]:
    name = source.id.partition("/")[2]
    yield ("sources", (name,)), {**source.settings, "retired": source.retired}
    for key_id, key in source.keys.items():
        expires_at = _time(key.get("expires_at"))
        yield ("source_keys", (name, key_id)), {**key, "expires_at": expires_at}


def _of_client(client: Client) -> tuple[Identity, dict[str, Any]]:
    values = client.values()
    if client.name is None:
        # It was added before the ledger had such events.
        values = {"revoked": client.revoked}
    return ("clients", (int(client.id.partition("/")[2]),)), values


def _found(connection: Connection) -> Iterator[tuple[Identity, dict[str, Any]]]:
    ignored, parts = load_ignored(connection), load_parts(connection)
    for row in connection.execute(select(sources)).mappings():
        more = {
            "ignored": list(ignored.get(row["name"], ())),
            **dict.fromkeys(PARTS),
            "preset": KITLEDGER,
            **parts.get(row["name"], {}),
            "retired": row["retired_at"] is not None,
        }
        yield ("sources", (row["name"],)), {**row, **more}
    for key in connection.execute(select(source_keys)):
        values = {"fingerprint": fingerprint(key.secret), "expires_at": _time(key.expired_at)}
        yield ("source_keys", (key.source, key.id)), values
    for client in connection.execute(select(clients)):
        yield (
            ("clients", (client.id,)),
            {
                "name": client.name,
                "roles": client.roles.split(),
                "organization": client.organization,
                "key_fingerprint": client.key_hash[:FINGERPRINT_DIGITS],
                "revoked": client.revoked_at is not None,
            },
        )


def _time(text: str | None) -> datetime | str | None:
    """Return a time, or the text of a row that was changed to something else."""
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return text
