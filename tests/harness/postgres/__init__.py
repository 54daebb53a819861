"""Real PostgreSQL servers out of a wheel, for tests, benchmarks and chaos."""

from tests.harness.postgres.databases import Databases
from tests.harness.postgres.server import Server, urls

__all__ = ["Databases", "Server", "urls"]
