"""Which kind of database a URL names; it loads no driver."""


def is_postgres(url: str) -> bool:
    """Tell a URL of PostgreSQL from one of an SQLite file."""
    return url.startswith(("postgresql://", "postgres://"))
