"""Real PostgreSQL servers out of a wheel, for tests, benchmarks and chaos."""

from tests.postgres.databases import Databases
from tests.postgres.server import Server, urls

__all__ = ["Databases", "Server", "urls"]
