"""The kind of database that a URL names, without loading its driver."""


def is_postgres(url: str) -> bool:
    """Tell a URL of PostgreSQL from one of an SQLite file."""
    return url.startswith(("postgresql://", "postgres://"))
