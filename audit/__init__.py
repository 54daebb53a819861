"""What happened, when, by whom, and why: read from the ledger itself, not from the read models."""
