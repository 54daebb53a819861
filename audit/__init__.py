"""History, reconciliation and reviews of the ledger, for auditors."""
