"""Read models: tables that answer the read routes, each rebuilt from the ledger's events alone."""
