"""The rows of the keys of sources."""

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from registry.keys import Key, SourceError, check_secret, new_secret, same_secret
from registry.registry import timestamp
from registry.tables import key_uses, source_keys


def live_keys(connection: Connection, now: datetime) -> dict[str, list[Key]]:
    """Return the live keys of each source, the oldest first."""
    keys: dict[str, list[Key]] = {}
    for row in connection.execute(select(source_keys).order_by(source_keys.c.created_at)):
        key = Key(row.id, row.secret, _time(row.expired_at))
        if key.live(now):
            keys.setdefault(row.source, []).append(key)
    return keys


def add_key(
    connection: Connection,
    name: str,
    scheme: str,
    secret: str | None,
    *,
    allow_short: bool = False,
) -> Key:
    """Add a key to a source and return it; its secret is made at random if None is given.

    Raises SourceError for a bad secret, and for one that the source has or had.
    """
    secret = new_secret(scheme) if secret is None else secret
    try:
        check_secret(scheme, secret, allow_short=allow_short)
    except ValueError as error:
        raise SourceError(str(error)) from error
    _refuse_known(connection, name, scheme, secret)
    key = Key(f"key_{secrets.token_hex(4)}", secret)
    connection.execute(
        insert(source_keys).values(
            source=name,
            id=key.id,
            secret=secret,
            # To the microsecond: keys are listed in the order of this time.
            created_at=timestamp("microseconds"),
        )
    )
    return key


def expire_key(connection: Connection, name: str, key_id: str, at: datetime) -> int:
    """Set when a live key expires; return how many keys of the source outlive it. Raises SourceError."""
    now = datetime.now(UTC)
    keys = live_keys(connection, now).get(name, [])
    if key_id not in {key.id for key in keys}:
        raise SourceError(f"source {name} has no live key {key_id}")
    this = (source_keys.c.source == name) & (source_keys.c.id == key_id)
    expired_at = at.isoformat(timespec="seconds")
    connection.execute(update(source_keys).where(this).values(expired_at=expired_at))
    return sum(key.id != key_id and key.live(max(at, now)) for key in keys)


def key_listing(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Return the keys of each source without their secrets, expired ones too, the oldest first."""
    now = datetime.now(UTC)
    uses = {(row.source, row.id): row.used_at for row in connection.execute(select(key_uses))}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(select(source_keys).order_by(source_keys.c.created_at)):
        shown = {
            "id": row.id,
            "live": Key(row.id, row.secret, _time(row.expired_at)).live(now),
            "created_at": row.created_at,
            "expired_at": row.expired_at,
            "last_used_at": uses.get((row.source, row.id)),
        }
        found.setdefault(row.source, []).append(shown)
    return found


def _refuse_known(connection: Connection, name: str, scheme: str, secret: str) -> None:
    for key in connection.execute(select(source_keys).where(source_keys.c.source == name)):
        if not same_secret(scheme, key.secret, secret):
            continue
        if key.expired_at is None:
            raise SourceError(f"source {name} has this secret already: it is that of {key.id}")
        raise SourceError(f"this secret is that of {key.id}, which expires at {key.expired_at}")


def _time(text: str | None) -> datetime | None:
    """Return a time, in UTC unless it says otherwise; one that can't be read has passed.

    Somebody may have changed the row by hand, which must not stop the other keys.
    """
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
