"""The tables of the ledger on SQLite, and the triggers that keep stored events as they are."""

ADDED = {
    "recorded_at": "INTEGER NOT NULL DEFAULT 0",
    '"by"': "TEXT NOT NULL DEFAULT ''",
    "has_reason": "INTEGER NOT NULL DEFAULT 0",
    "organization": "INTEGER",
}
"""The columns that the first versions of this table did not have."""
COLUMNS = "SELECT name FROM pragma_table_info('stored_events')"
INDEXES = (
    """CREATE INDEX IF NOT EXISTS stored_events_by ON stored_events (topic, "by", has_reason)""",
    """CREATE INDEX IF NOT EXISTS stored_events_organization
        ON stored_events (organization, topic, "by", has_reason) WHERE organization IS NOT NULL""",
)
"""For the log of the auditor; each has the position at its end, as the key of the table."""
TABLES = (
    f"""CREATE TABLE IF NOT EXISTS stored_events (
        position INTEGER PRIMARY KEY,
        originator_id TEXT NOT NULL,
        originator_version INTEGER NOT NULL,
        topic TEXT NOT NULL,
        state BLOB NOT NULL,
        {", ".join(" ".join(each) for each in ADDED.items())},
        UNIQUE (originator_id, originator_version))""",
    """CREATE TRIGGER IF NOT EXISTS stored_events_refuse_update BEFORE UPDATE ON stored_events
        BEGIN SELECT RAISE(ABORT, 'stored events are never updated'); END""",
    """CREATE TRIGGER IF NOT EXISTS stored_events_refuse_delete BEFORE DELETE ON stored_events
        BEGIN SELECT RAISE(ABORT, 'stored events are never deleted'); END""",
    # INSERT OR REPLACE deletes without asking the trigger above.
    """CREATE TRIGGER IF NOT EXISTS stored_events_refuse_replace BEFORE INSERT ON stored_events
        WHEN EXISTS (SELECT 1 FROM stored_events WHERE position = NEW.position
            OR (originator_id = NEW.originator_id AND originator_version = NEW.originator_version))
        BEGIN SELECT RAISE(ABORT, 'stored events are never replaced'); END""",
    "CREATE TABLE IF NOT EXISTS given_ids (kind TEXT PRIMARY KEY, last INTEGER NOT NULL)",
)
