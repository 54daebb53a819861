"""The routes of the transparency log: its checkpoint, its tiles, and proofs."""
