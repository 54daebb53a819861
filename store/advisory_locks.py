"""The advisory locks that the service takes on PostgreSQL."""

LOCK_NAMESPACE = 0x6B69746C
"""The first half of every advisory lock of this service; the second half says what is locked."""
APPEND_LOCK = f"SELECT pg_advisory_xact_lock({LOCK_NAMESPACE}, 1)"
"""Lets one transaction at a time append, across all hosts."""
MIGRATION_LOCK = f"SELECT pg_advisory_xact_lock({LOCK_NAMESPACE}, 2)"
"""Lets one transaction at a time make tables."""
