"""The ledger as a transparency log: its Merkle tree in tiles, signed checkpoints, and proofs (C2SP)."""
