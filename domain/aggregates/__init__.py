"""The aggregates, one module each; they are independent of one another."""
