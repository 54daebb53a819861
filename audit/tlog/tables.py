"""The tables of the transparency log, in the ledger's database."""

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    event,
)

from audit.tlog.tiles import WHOLE_BYTES

metadata = MetaData()
tiles = Table(
    "tlog_tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)
checkpoints = Table(
    "tlog_checkpoints",
    metadata,
    Column("origin", String, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
    Index("tlog_checkpoints_signed_at", "signed_at", "size"),
)
"""`signed_at` is in microseconds since 1970; `note` gets the cosignatures of witnesses as they come."""
stamps = Table(
    "tlog_stamps",
    metadata,
    Column("origin", String, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("url", String, nullable=False),
    Column("token", LargeBinary, nullable=False),
)
"""Time stamps of RFC 3161, of the checkpoints as they were first signed."""
anchors = Table(
    "tlog_anchors",
    metadata,
    Column("anchor", String, primary_key=True),
    Column("origin", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("error", Text),
)
"""The last checkpoint that each witness and the stamping authority has confirmed, and when."""

_REFUSED = "whole tiles are never changed"
_SQLITE = (
    f"""CREATE TRIGGER tlog_tiles_refuse_update BEFORE UPDATE ON tlog_tiles
        WHEN length(OLD.hashes) = {WHOLE_BYTES} OR NEW.level <> OLD.level OR NEW.number <> OLD.number
        BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END""",
    f"""CREATE TRIGGER tlog_tiles_refuse_delete BEFORE DELETE ON tlog_tiles
        WHEN length(OLD.hashes) = {WHOLE_BYTES}
        BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END""",
)
_POSTGRES = (
    f"""CREATE OR REPLACE FUNCTION tlog_tiles_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE '{_REFUSED}: %% refused', TG_OP; END $$""",
    f"""CREATE TRIGGER tlog_tiles_refuse BEFORE UPDATE OR DELETE ON tlog_tiles FOR EACH ROW
        WHEN (length(OLD.hashes) = {WHOLE_BYTES}) EXECUTE FUNCTION tlog_tiles_refuse()""",
    "ALTER TABLE tlog_tiles ENABLE ALWAYS TRIGGER tlog_tiles_refuse",
)
for _dialect, _statements in (("sqlite", _SQLITE), ("postgresql", _POSTGRES)):
    for _statement in _statements:
        event.listen(tiles, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]
