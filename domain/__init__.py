"""The ledger's aggregates, their events and refusals, and the use cases that change them."""
