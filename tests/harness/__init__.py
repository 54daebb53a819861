"""What tests, chaos and benchmarks share; nothing else in `tests/` is imported from outside.

Servers: `service` runs `kitledger` in a process group of its own, `service_factory` makes services on
databases of one kind, `in_process` has the application inside, with a clock that tests move; `postgres/`
runs PostgreSQL out of a wheel. Databases: `stores` lends empty ones, `ledgers` opens the ledger in one,
`plain` asks it past the product, `per_store` keeps what tests share of each kind.
Runs: `effort` says how long tests search, `hanging` limits them, `tracing` measures the servers, `leash`
ends what a killed run would leave behind.
"""
