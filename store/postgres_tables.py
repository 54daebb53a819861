"""The tables of the ledger on PostgreSQL, and the triggers that keep stored events as they are."""

from store.advisory_locks import APPEND_LOCK

ADDED = """
ALTER TABLE stored_events
    ADD COLUMN IF NOT EXISTS recorded_at bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS "by" text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS has_reason boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS organization bigint;
CREATE INDEX IF NOT EXISTS stored_events_by ON stored_events (topic, "by", has_reason, position);
CREATE INDEX IF NOT EXISTS stored_events_organization
    ON stored_events (organization, topic, "by", has_reason, position) WHERE organization IS NOT NULL;
"""
"""The columns that the first versions of this table did not have, and the indexes for the auditor's log."""
TABLES = f"""
CREATE TABLE stored_events (
    position bigint PRIMARY KEY,
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    UNIQUE (originator_id, originator_version));
CREATE FUNCTION stored_events_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'stored events are never changed: % refused', TG_OP; END $$;
CREATE TRIGGER stored_events_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON stored_events
    FOR EACH STATEMENT EXECUTE FUNCTION stored_events_refuse();
CREATE FUNCTION stored_events_in_turn() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM {APPEND_LOCK.removeprefix("SELECT ")}; RETURN NULL; END $$;
CREATE TRIGGER stored_events_in_turn BEFORE INSERT ON stored_events
    FOR EACH STATEMENT EXECUTE FUNCTION stored_events_in_turn();
-- Also for a session whose role is `replica`.
ALTER TABLE stored_events ENABLE ALWAYS TRIGGER stored_events_refuse;
ALTER TABLE stored_events ENABLE ALWAYS TRIGGER stored_events_in_turn;
CREATE TABLE given_ids (kind text PRIMARY KEY, last bigint NOT NULL);
{ADDED}"""
EXISTS = "SELECT to_regclass('stored_events') IS NOT NULL"
IS_CURRENT = "SELECT to_regclass('stored_events_organization') IS NOT NULL"
