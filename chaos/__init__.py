"""Fault injection: each fault under load, on each store, with a check of every event."""
