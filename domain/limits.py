"""The limits of values that the ledger stores."""

LARGEST_ID = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8259, section 6)."""
