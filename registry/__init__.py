"""The registry: sources that may send and clients that may call, in rows beside the ledger."""
