"""What the ledger knows and which facts it accepts: aggregates, their events, their refusals."""
