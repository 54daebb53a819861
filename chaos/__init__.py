"""What breaks, and what must hold then: each fault under load, on each store, and an account of every event."""
