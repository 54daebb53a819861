"""The tables of the registry, in the ledger's database."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table

metadata = MetaData()
sources = Table(
    "sources",
    metadata,
    Column("name", String, primary_key=True),
    Column("scheme", String, nullable=False),
    Column("tolerance", Integer, nullable=False),
    Column("header", String, nullable=False),
    Column("prefix", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("retired_at", String),
)
source_keys = Table(
    "source_keys",
    metadata,
    Column("source", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("secret", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("expired_at", String),
)
ignored_fields = Table(
    "source_ignored_fields",
    metadata,
    Column("source", String, primary_key=True),
    Column("pointer", String, primary_key=True),
)
source_parts = Table(
    "source_parts",
    metadata,
    Column("source", String, primary_key=True),
    Column("part", String, primary_key=True),
    Column("value", String, nullable=False),
)
key_uses = Table(
    "key_uses",
    metadata,
    Column("source", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("used_at", String, nullable=False),
)
clients = Table(
    "clients",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("key_hash", String, nullable=False, unique=True),
    Column("roles", String, nullable=False),
    Column("organization", BigInteger),
    Column("created_at", String, nullable=False),
    Column("revoked_at", String),
)
changes = Table(
    "registry_changes",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("count", BigInteger, nullable=False),
)
