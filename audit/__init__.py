"""The auditors' part: histories, the log, reviews and reconciling, all read from the ledger itself."""
