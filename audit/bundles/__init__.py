"""Bundles: folders that hold a part of the ledger, and the proof that it is complete and unaltered."""
