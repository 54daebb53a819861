"""The use cases of the ledger: each loads aggregates, calls them, and saves their events."""
