"""The engine's own tables: positions, skipped events, and the projector's heartbeat."""

from sqlalchemy import BigInteger, Column, Float, Integer, String, Table

from projections.slot_tables import metadata

projections = Table(
    "projections",
    metadata,
    Column("name", String, primary_key=True),
    Column("slot", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("stopped_at", BigInteger),
    Column("error", String),
    # Of the event at the position; NULL at position 0.
    Column("fingerprint", String),
)
skipped = Table(
    "skipped_events",
    metadata,
    Column("name", String, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("error", String),
)
projector = Table(
    "projector",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("owner", String, nullable=False),
    Column("beat", Float, nullable=False),
)
