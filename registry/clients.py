"""The clients of the API: hashes of their keys, and their roles."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from domain.aggregates.client import Client as ClientStream
from domain.cause import Cause
from domain.limits import LARGEST_ID
from domain.stream_repository import StreamRepository
from registry.cached import Cached
from registry.keys import FINGERPRINT_DIGITS
from registry.registry import Registry, timestamp
from registry.tables import clients
from store.errors import UNAVAILABLE

ROLES = ("reader", "registrar", "auditor", "admin")


class ClientError(ValueError):
    """A client can't be added or changed as asked."""


@dataclass(frozen=True)
class Client:
    """A client; `organization` is the only one it may see, or None for all."""

    id: int
    name: str
    roles: frozenset[str]
    organization: int | None


class Clients:
    """Look up, add and revoke clients; every worker sees a change on its next request."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._cached = Cached(registry, _load)

    def by_key(self, key: str) -> Client | None:
        """Return the client with this key; None when there is none, or it was revoked.

        A look-up by hash needs no constant time: to exploit its timing, an attacker would have to
        construct keys with chosen hashes.
        """
        return self._cached.get().get(key_hash(key))

    def is_live(self, client: Client) -> bool:
        """Say whether a client has not been revoked; in doubt it has not."""
        try:
            return client in self._cached.get().values()
        except UNAVAILABLE:
            return True

    def any(self) -> bool:
        """Say whether there is any client."""
        return bool(self._cached.get())

    def named(self, name: str) -> list[int]:
        """Return the ids of the clients with a name, also of those that were revoked."""
        with self._registry.reading() as connection:
            return list(connection.scalars(select(clients.c.id).where(clients.c.name == name)))

    def known(self, client_id: int) -> bool:
        """Say whether there is, or was, a client with an id."""
        with self._registry.reading() as connection:
            found = connection.scalar(select(clients.c.id).where(clients.c.id == client_id))
        return found is not None

    def add(
        self,
        name: str,
        roles: list[str],
        cause: Cause,
        *,
        organization: int | None = None,
        client_id: int | None = None,
        key: str | None = None,
    ) -> tuple[int, str]:
        """Add a client; return its id and its key, which is not stored. Raises ClientError."""
        key = str(uuid.uuid4()) if key is None else _uuid(key)
        if not name.isprintable() or not 0 < len(name) <= 64:  # noqa: PLR2004 said in the message
            raise ClientError("a client's name has 1 to 64 printable characters")
        with self._registry.changing(cause) as (connection, streams):
            given, hashed = _free_id(connection, streams, client_id), key_hash(key)
            if connection.scalar(select(clients.c.id).where(clients.c.key_hash == hashed)):
                raise ClientError("another client has this key")
            shared = {"name": name, "organization": organization}
            row = {**shared, "id": given, "key_hash": hashed, "roles": " ".join(sorted(set(roles)))}
            connection.execute(insert(clients).values(**row, created_at=timestamp()))
            client = ClientStream(ClientStream.create_id(given))
            secret = {"fingerprint": hashed[:FINGERPRINT_DIGITS]}
            added = {**shared, **secret, "roles": sorted(set(roles))}
            client.trigger(ClientStream.Added, datetime.now(UTC), **added)
            streams.save_aggregates(client)
        return given, key

    def revoke(self, client_id: int, cause: Cause) -> None:
        """Revoke a client. Raises ClientError."""
        with self._registry.changing(cause) as (connection, streams):
            ended = (
                update(clients)
                .where(clients.c.id == client_id, clients.c.revoked_at.is_(None))
                .values(revoked_at=timestamp())
            )
            if not connection.execute(ended).rowcount:
                raise ClientError(f"there is no client {client_id}, or it was revoked before")
            client = streams.load(ClientStream, ClientStream.create_id(client_id))
            client.trigger(ClientStream.Revoked, datetime.now(UTC))
            streams.save_aggregates(client)

    def listing(self) -> list[dict[str, Any]]:
        """Return every client, without the hash of its key."""
        with self._registry.reading() as connection:
            rows = connection.execute(select(clients).order_by(clients.c.id)).mappings().all()
        return [
            {name: row[name] for name in row if name != "key_hash"}
            | {"roles": row["roles"].split()}
            for row in rows
        ]


def _free_id(connection: Connection, streams: StreamRepository, wanted: int | None) -> int:
    """Return the wanted id, or the next free one; raises ClientError when it can't be given.

    A ledger that was imported has the histories of clients that are not here.
    """
    given = wanted
    if given is None:
        given = (connection.scalar(select(func.max(clients.c.id))) or 0) + 1
        while _has_history(streams, given):
            given += 1
    if not 0 <= given <= LARGEST_ID:
        raise ClientError(f"a client's id lies between 0 and {LARGEST_ID}")
    if connection.scalar(select(clients.c.id).where(clients.c.id == given)) is not None:
        raise ClientError(f"there is a client {given} already")
    if _has_history(streams, given):
        raise ClientError(f"the ledger has the history of another client {given}")
    return given


def _has_history(streams: StreamRepository, client_id: int) -> bool:
    stream = ClientStream.create_id(client_id)
    return bool(streams.stream_versions([stream])[stream])


def key_hash(key: str) -> str:
    """Hash a key; a fast hash is enough, since keys have 122 random bits."""
    return hashlib.sha256(key.lower().encode("utf-8", "surrogateescape")).hexdigest()


def _uuid(key: str) -> str:
    try:
        return str(uuid.UUID(key))
    except ValueError:
        raise ClientError("a client's key is a UUID") from None


def _load(connection: Connection) -> dict[str, Client]:
    live = select(clients).where(clients.c.revoked_at.is_(None))
    return {
        row.key_hash: Client(row.id, row.name, frozenset(row.roles.split()), row.organization)
        for row in connection.execute(live)
    }
