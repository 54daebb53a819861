"""The auditors' part: histories, the log, reviews, reconciling, and proof, all read from the ledger itself."""
