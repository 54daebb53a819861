"""Detection of the ledger's commits in the messages from a client to PostgreSQL.

Formats: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import re

QUERY_COMMIT = b"Q\0\0\0\x0bCOMMIT\0"
PARSE_COMMIT = re.compile(rb"P....(\w+)\0COMMIT\0", re.DOTALL)
BIND = re.compile(rb"B....\0(\w+)\0", re.DOTALL)
BEGIN_APPEND = b"BEGIN ISOLATION LEVEL READ COMMITTED"
"""The first statement of transactions that append to the ledger, and of no others."""


class CommitDetector:
    """Follow the messages of one connection."""

    def __init__(self) -> None:
        self._appends = False
        self._prepared: bytes | None = None

    def is_ledger_commit(self, chunk: bytes) -> bool:
        """Return whether the next chunk commits a transaction that appended to the ledger."""
        self._appends = self._appends or BEGIN_APPEND in chunk
        if parsed := PARSE_COMMIT.match(chunk):
            self._prepared = parsed[1]
        bound = BIND.match(chunk)
        executes_prepared = bool(bound and bound[1] == self._prepared)
        return self._appends and (chunk == QUERY_COMMIT or executes_prepared)
